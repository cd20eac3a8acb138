package dev.twofold.ort;

import java.util.Arrays;

/** Builds {@code [batch][length]} inputs. */
final class Rows {

    private Rows() {}

    /** A mask that attends to everything. */
    static long[][] ones(int batch, int length) {
        long[][] rows = new long[batch][length];
        for (long[] row : rows) {
            Arrays.fill(row, 1);
        }
        return rows;
    }

    /** One row of tokens {@code from} to {@code to - 1}. */
    static long[][] of(int[] tokens, int from, int to) {
        return new long[][] {Arrays.stream(tokens, from, to).asLongStream().toArray()};
    }
}
