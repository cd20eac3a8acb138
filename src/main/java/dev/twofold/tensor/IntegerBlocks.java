package dev.twofold.tensor;

import java.util.List;

/**
 * Numbers as small whole numbers in blocks along the rows of a matrix: an element is {@code (code - zero) * scale}, with a
 * scale for each block, and a zero for each unless it is in the middle for all. The last block of a row may be short.
 *
 * @param bits of a code: 4 or 8
 * @param size elements in a block: 16, 32, 64 or 128
 * @param symmetric whether the zero of every block is {@link #middle}
 * @param scales what scales are stored as, and so what an element is computed in: F32 or F16
 */
public record IntegerBlocks(int bits, int size, boolean symmetric, DType scales) {

    public static final List<Integer> SIZES = List.of(16, 32, 64, 128);

    public IntegerBlocks {
        if (bits != 4 && bits != 8 || !SIZES.contains(size) || scales != DType.F32 && scales != DType.F16) {
            throw new IllegalArgumentException("no blocks of " + size + " at " + bits + " bits with " + scales);
        }
    }

    /** Blocks in a row of so many elements. */
    public long blocks(long columns) {
        return (columns + size - 1) / size;
    }

    /** The code of zero in a symmetric block. */
    public int middle() {
        return 1 << bits - 1;
    }

    /** The largest code; the smallest is 0. */
    public int largest() {
        return (1 << bits) - 1;
    }

    /** Whether a row may be cut before this element. */
    public boolean isEdge(long column) {
        return column % size == 0;
    }

    /** {@code int4/32}, with {@code z} where blocks have zeros of their own. */
    @Override
    public String toString() {
        return "int" + bits + "/" + size + (symmetric ? "" : "z");
    }
}
