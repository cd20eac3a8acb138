package dev.twofold.passes.quantize;

import dev.twofold.execution.HiddenStates;
import dev.twofold.pass.Calibration;
import dev.twofold.pass.MemorySize;
import dev.twofold.passes.compensate.Batches;
import dev.twofold.passes.compensate.Batches.Batch;
import java.util.function.Function;

/**
 * What rounds matrices by what they read on a text.
 *
 * @param memory that the sums for one may take
 */
record Rounders(Calibration calibration, Rounding rounding, MemorySize memory, Batches batches) {

    /** What rounds matrices that read something; to the nearest if the sums take too much memory. */
    Rounder of(long inputs, Function<Batch, HiddenStates> read) {
        if (InputProducts.bytes(inputs) > memory.bytes() || inputs * inputs > Integer.MAX_VALUE) {
            calibration
                    .notices()
                    .accept("note: products of " + inputs
                            + " inputs take more than --memory allows, so what reads them is"
                            + " rounded to the nearest");
            return Rounder.NEAREST;
        }
        InputProducts products = InputProducts.of(Math.toIntExact(inputs));
        for (Batch batch : batches.all()) {
            products.add(calibration.engine(), read.apply(batch));
        }
        return new FittedRounder(calibration.engine(), calibration.spill(), rounding, products);
    }
}
