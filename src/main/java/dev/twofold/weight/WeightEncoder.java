package dev.twofold.weight;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.tensor.BFloat16;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Float16;
import dev.twofold.weight.WeightWriter.Placement;
import java.nio.ByteBuffer;

/** Evaluates strips of rows tile by tile and stores them in their final type, refusing numbers it cannot hold. */
final class WeightEncoder {

    private static final int TILE_ROWS = 64;
    private static final int TILE_COLUMNS = 256;
    /** Not a power of two: tiles are also filled down their columns, and those must not share one cache set. */
    private static final int TILE_STRIDE = TILE_COLUMNS + 16;

    private static final int INFINITY = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);
    /** The smallest float that rounds to infinity in binary16. */
    private static final int FLOAT16_OVERFLOW = Float.floatToRawIntBits(65520f);

    private final WeightEvaluator evaluator;
    private final float[] tile = new float[TILE_ROWS * TILE_STRIDE];

    WeightEncoder(WeightEvaluator evaluator) {
        this.evaluator = evaluator;
    }

    /** Writes rows {@code row .. row + rows - 1} of a weight to the start of a little-endian buffer. */
    void encode(Placement placement, long row, int rows, ByteBuffer target) {
        int columns = Math.toIntExact(placement.weight().shape().columns());
        for (int r = 0; r < rows; r += TILE_ROWS) {
            int height = Math.min(TILE_ROWS, rows - r);
            for (int c = 0; c < columns; c += TILE_COLUMNS) {
                int width = Math.min(TILE_COLUMNS, columns - c);
                Region region = new Region(row + r, height, c, width);
                evaluator.fill(placement.weight(), region, Tile.rowMajor(tile, TILE_STRIDE));
                int limit = placement.dtype() == DType.F16 ? FLOAT16_OVERFLOW : INFINITY;
                for (int i = 0; i < height; i++) {
                    int at = placement.dtype().bytes() * ((r + i) * columns + c);
                    if (encodeRow(placement.dtype(), i * TILE_STRIDE, width, target, at) >= limit) {
                        throw notRepresentable(placement, region.row() + i, c, i * TILE_STRIDE, limit);
                    }
                }
            }
        }
    }

    /** Stores one row of the tile and returns the largest magnitude in it, as float bits. */
    private int encodeRow(DType dtype, int from, int count, ByteBuffer target, int at) {
        int largest = 0;
        switch (dtype) {
            case F32 -> {
                for (int i = 0; i < count; i++) {
                    float value = tile[from + i];
                    largest = Math.max(largest, Float.floatToRawIntBits(value) & 0x7fffffff);
                    target.putFloat(at + 4 * i, value);
                }
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    float value = tile[from + i];
                    largest = Math.max(largest, Float.floatToRawIntBits(value) & 0x7fffffff);
                    target.putShort(at + 2 * i, Float16.fromFloat(value));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    float value = tile[from + i];
                    largest = Math.max(largest, Float.floatToRawIntBits(value) & 0x7fffffff);
                    target.putShort(at + 2 * i, BFloat16.fromFloat(value));
                }
            }
            default -> throw new IllegalStateException("weights are not written as " + dtype);
        }
        return largest;
    }

    private TwofoldException notRepresentable(Placement placement, long row, int column, int from, int limit) {
        int i = 0;
        while ((Float.floatToRawIntBits(tile[from + i]) & 0x7fffffff) < limit) {
            i++;
        }
        float value = tile[from + i];
        String place = Weights.at(placement.weight(), row, column + i)
                .map(stored -> Origin.tensor(stored.file(), stored.name()).describe())
                .orElse(placement.name());
        if (Float.isFinite(value)) {
            return TwofoldException.input("a weight overflows fp16")
                    .at(place)
                    .found(value + " after folding, for " + placement.name())
                    .expected("a magnitude of at most " + Float16.MAX)
                    .hint("--dtype bf16 or --dtype fp32");
        }
        return TwofoldException.input("a weight is not a finite number")
                .at(place)
                .found(value + " for " + placement.name())
                .hint("download the checkpoint again, or ask its author: a model with such weights computes nothing");
    }
}
