package dev.twofold.passes.compensate;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.decoder.Step;
import dev.twofold.pass.Calibration;
import java.util.List;
import java.util.Locale;

/**
 * What the output side of a step takes to fit.
 *
 * @param inputs of the last projections of all its branches together: the unknowns of every output channel
 */
record FitSize(long inputs) {

    /** Square matrices of all inputs that are held at once: sums for two kinds of tokens, and the solver's two. */
    private static final int MATRICES = 4;

    static FitSize of(Step step) {
        return new FitSize(
                step.branches().stream().mapToLong(Projections::writerInputs).sum());
    }

    long bytes() {
        return MATRICES * inputs * inputs * Double.BYTES;
    }

    /** Whether there is anything to fit, its sums stay within the memory that is allowed, and a Java array holds one. */
    boolean fits(Compensate.Options options) {
        return inputs > 0 && bytes() <= options.memory().bytes() && inputs * inputs < Integer.MAX_VALUE;
    }

    /** Says what is about to be computed, what will not be, and whether the text is long enough. */
    static void announce(
            Decoder decoder, List<LayerGroup> groups, Compensate.Options options, Calibration calibration) {
        if (options.method() == Compensate.Method.RESCALE || options.side() == Compensate.Side.INPUT) {
            return;
        }
        int tokens =
                calibration.windows().stream().mapToInt(window -> window.length).sum();
        long largest = 0;
        double operations = 0;
        for (LayerGroup group : groups) {
            StepOrigins origins = StepOrigins.of(group, decoder.facts().stepsPerLayer());
            for (int i = 0; i < group.steps().size(); i++) {
                if (!origins.joins(i)) {
                    continue;
                }
                Step step = group.steps().get(i);
                FitSize size = of(step);
                if (size.inputs() == 0) {
                    calibration.notices().accept("note: layers " + group.layers() + ": " + Projections.whyNot(step));
                } else if (size.fits(options)) {
                    largest = Math.max(largest, size.inputs());
                    operations += 2.0 * tokens * size.inputs() * size.inputs();
                } else {
                    calibration
                            .notices()
                            .accept(String.format(
                                    Locale.ROOT,
                                    "note: layers %s: the %s output has %d inputs together, whose sums take %.1f GB; more than"
                                            + " --memory allows, so only its inputs are refitted",
                                    group.layers(),
                                    Projections.describe(step),
                                    size.inputs(),
                                    size.bytes() / 1e9));
                }
            }
        }
        if (largest > 0) {
            calibration
                    .notices()
                    .accept(String.format(
                            Locale.ROOT,
                            "compensating on %d tokens: fits of up to %d unknowns a channel, %.0f MB of sums, %.0f"
                                    + " billion operations",
                            tokens,
                            largest,
                            new FitSize(largest).bytes() / 1e6,
                            operations / 1e9));
        }
        int fitted = calibration.windows().subList(0, calibration.fitted()).stream()
                .mapToInt(window -> window.length)
                .sum();
        if (fitted < largest) {
            calibration
                    .notices()
                    .accept("note: " + fitted + " fitted tokens are fewer than the " + largest
                            + " unknowns of a fit; give at least that many with --calibration-tokens");
        }
    }
}
