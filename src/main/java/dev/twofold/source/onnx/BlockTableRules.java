package dev.twofold.source.onnx;

import java.util.List;

/** Rows of a table in blocks, in operators that make numbers of bytes. */
final class BlockTableRules {

    static final List<Rule> ALL = List.of();

    private BlockTableRules() {}
}
