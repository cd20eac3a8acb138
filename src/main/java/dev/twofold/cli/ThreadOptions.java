package dev.twofold.cli;

import dev.twofold.ort.Waiting;
import picocli.CommandLine.Option;

/** How a model's threads wait for work. */
final class ThreadOptions {

    @Option(
            names = "--no-spinning",
            description = "Let threads leave their cores to others while they wait: slower by a tenth or two on a quiet"
                    + " machine, better on one that is shared.")
    private boolean noSpinning;

    boolean spinning() {
        return !noSpinning;
    }

    /** @param spinning the way of threads that may keep their cores */
    Waiting waiting(Waiting spinning) {
        return noSpinning ? Waiting.ASLEEP : spinning;
    }
}
