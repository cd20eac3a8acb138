package dev.twofold.passes.quantize;

import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;

/**
 * The Gram matrix of what a matrix is multiplied with: {@code X^T X} over the tokens of a text, in float64.
 *
 * @param size inputs
 * @param sums {@code [size, size]}, row-major
 */
record InputProducts(int size, double[] sums) {

    static InputProducts of(int size) {
        return new InputProducts(size, new double[Math.multiplyExact(size, size)]);
    }

    /** Bytes that the sums take, and what is made of them while a matrix is rounded. */
    static long bytes(long size) {
        return 3 * size * size * Double.BYTES;
    }

    void add(DecoderEngine engine, HiddenStates inputs) {
        engine.addProduct(inputs, inputs, sums);
    }

    /** Of each input, the sum of its squares; where all are zero, of one unit, so that they still count alike. */
    double[] importance() {
        double[] squares = new double[size];
        double most = 0;
        for (int i = 0; i < size; i++) {
            squares[i] = sums[i * size + i];
            most = Math.max(most, squares[i]);
        }
        for (int i = 0; i < size; i++) {
            squares[i] = most == 0 ? 1 : Math.max(squares[i], most * 1e-12);
        }
        return squares;
    }
}
