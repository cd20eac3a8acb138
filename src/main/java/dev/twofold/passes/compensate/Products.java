package dev.twofold.passes.compensate;

import dev.twofold.execution.DecoderEngine;
import org.ejml.data.DMatrixRMaj;

/** Products of matrices in float64, by the engine, whose are many times as fast as those of a library in Java. */
record Products(DecoderEngine engine) {

    /** {@code left right}. */
    DMatrixRMaj of(DMatrixRMaj left, DMatrixRMaj right) {
        double[] product = engine.multiply(left.data, right.data, left.numCols);
        return DMatrixRMaj.wrap(left.numRows, right.numCols, product);
    }
}
