package dev.twofold.source.onnx;

import dev.twofold.execution.GraphNames;

/** What inputs of a graph are for. */
final class Roles {

    /** Where each new token stands, in graphs that are told. */
    private static final String POSITIONS = "position_ids";

    private Roles() {}

    static boolean isIds(Term.Input input) {
        return input.name().equals(GraphNames.IDS);
    }

    /** Whether a value is where each new token stands. */
    static boolean isPositions(Value value) {
        return value.term() == Term.Tokens.POSITIONS
                || value.term() instanceof Term.Input input && input.name().equals(POSITIONS);
    }
}
