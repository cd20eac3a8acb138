package dev.twofold.cli;

import java.util.List;

/** The pipelines in {@code passes/}, which are packed into the jar. */
final class Pipelines {

    static final List<String> SHIPPED =
            List.of("layer-parallel", "compensate", "one-sync", "drop-layers", "swap-layers", "average-layers");

    private Pipelines() {}

    static String text(String name) {
        return Text.resource("/dev/twofold/passes/" + name + ".yaml");
    }
}
