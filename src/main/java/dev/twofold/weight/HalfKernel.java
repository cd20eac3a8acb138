package dev.twofold.weight;

import dev.twofold.tensor.DType;
import dev.twofold.weight.Weight.Scaled;
import dev.twofold.weight.Weight.Stored;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.Optional;

/**
 * The fast way of the common case: a bf16 tensor, perhaps transposed and scaled along the rows of the result, to 16
 * bits. Elements travel in pairs, so every extent and position must be even.
 */
final class HalfKernel {

    /** Most columns of the result in one rectangle. */
    static final int MAX_COLUMNS = 256;
    /** Most rows of the result in one rectangle. */
    static final int MAX_ROWS = 256;
    /** Not a power of two: rows are also filled down their columns, and those must not share one cache set. */
    private static final int ROW_STRIDE = MAX_COLUMNS / 2 + 8;

    /** Pairs that are converted together: their arrays fit the first-level cache. */
    private static final int BATCH_PAIRS = 512;

    private final WeightEvaluator evaluator;
    private final HalfLanes lanes = new HalfLanes(BATCH_PAIRS);
    private final byte[] raw = new byte[MAX_ROWS * MAX_COLUMNS * 2];
    private final IntBuffer rawPairs =
            ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
    private final int[] source = new int[raw.length / Integer.BYTES];
    private final int[] result = new int[MAX_ROWS * ROW_STRIDE];

    HalfKernel(WeightEvaluator evaluator) {
        this.evaluator = evaluator;
    }

    /**
     * Converts a rectangle of a leaf into 16-bit elements of {@code target}, at the element positions of {@code tile}.
     *
     * @return whether it could: false if the case is not this one, or a number does not fit
     */
    boolean convert(Weight leaf, Region region, Tile tile, DType dtype, int limit, IntBuffer target) {
        boolean transposed = tile.rowStride() == 1 && tile.columnStride() != 1;
        Optional<float[]> factors = Optional.empty();
        Weight tensor = leaf;
        if (leaf instanceof Scaled scaled && scaled.shape().rank() == 2) {
            boolean alongResultRows = transposed ? scaled.axis() == 1 : scaled.axis() == 0;
            if (!alongResultRows) {
                return false;
            }
            factors = Optional.of(evaluator.vector(scaled.vector()));
            tensor = scaled.source();
        }
        int stride = transposed ? tile.columnStride() : tile.rowStride();
        boolean even = ((tile.offset() | stride | region.rows() | region.columns()) & 1) == 0;
        if (!even || dtype.bits() != 16 || !(tensor instanceof Stored stored) || stored.dtype() != DType.BF16) {
            return false;
        }
        evaluator.read(stored, region, raw);
        rawPairs.get(0, source, 0, region.rows() * region.columns() / 2);
        int rows = transposed ? region.columns() : region.rows();
        int pairs = (transposed ? region.rows() : region.columns()) / 2;
        if (transposed) {
            transpose(region.rows(), region.columns() / 2);
        } else {
            copy(rows, pairs);
        }
        int first = Math.toIntExact(transposed ? region.column() : region.row());
        boolean fits = factors.isPresent()
                ? scale(rows, pairs, factors.get(), first, dtype, limit)
                : HalfTable.of(dtype).convert(result, ROW_STRIDE, rows, pairs);
        for (int r = 0; r < rows; r++) {
            target.put((tile.offset() + r * stride) / 2, result, r * ROW_STRIDE, pairs);
        }
        return fits;
    }

    private boolean scale(int rows, int pairs, float[] factors, int first, DType dtype, int limit) {
        int batch = Math.max(1, BATCH_PAIRS / pairs);
        for (int r = 0; r < rows; r += batch) {
            int count = Math.min(batch, rows - r);
            lanes.convert(result, r * ROW_STRIDE, ROW_STRIDE, count, pairs, factors, first + r, dtype, limit);
        }
        return !lanes.overflowed();
    }

    private void copy(int rows, int pairs) {
        for (int r = 0; r < rows; r++) {
            System.arraycopy(source, r * pairs, result, r * ROW_STRIDE, pairs);
        }
    }

    /** Two rows at a time, so that each int that is written is whole. */
    private void transpose(int sourceRows, int sourcePairs) {
        for (int r = 0; r < sourceRows; r += 2) {
            int upper = r * sourcePairs;
            int lower = upper + sourcePairs;
            int at = r / 2;
            for (int i = 0; i < sourcePairs; i++) {
                int first = source[upper + i];
                int second = source[lower + i];
                result[2 * i * ROW_STRIDE + at] = first & 0xffff | second << 16;
                result[(2 * i + 1) * ROW_STRIDE + at] = first >>> 16 | second & 0xffff0000;
            }
        }
    }
}
