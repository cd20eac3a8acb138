package dev.twofold.weight;

import dev.twofold.diag.TwofoldException;
import dev.twofold.tensor.BFloat16;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Float16;
import dev.twofold.weight.WeightWriter.Placement;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;

/** Stores strips of rows in their final type, tile by tile, refusing numbers that it cannot hold. */
final class WeightEncoder {

    private static final int TILE_ROWS = HalfKernel.MAX_ROWS;
    private static final int TILE_COLUMNS = HalfKernel.MAX_COLUMNS;

    private static final int INFINITY = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);
    /** The smallest float that rounds to infinity in binary16. */
    private static final int FLOAT16_OVERFLOW = Float.floatToRawIntBits(65520f);
    /** The float bits halfway between the largest bfloat16 and infinity. */
    private static final int BFLOAT16_OVERFLOW = 0x7f7f8000;

    private final WeightEvaluator evaluator;
    private final HalfKernel kernel;
    private final BlockEncoder blocks;
    private final float[] values = new float[TILE_ROWS * TILE_COLUMNS];

    WeightEncoder(WeightEvaluator evaluator) {
        this.evaluator = evaluator;
        this.kernel = new HalfKernel(evaluator);
        this.blocks = new BlockEncoder(evaluator);
    }

    /** Writes rows {@code row .. row + rows - 1} of a weight to the start of a little-endian buffer. */
    void encode(Placement placement, long row, int rows, ByteBuffer target) {
        if (placement.format() instanceof BlockFormat format) {
            blocks.encode(placement, format, row, rows, target);
            return;
        }
        int columns = Math.toIntExact(placement.weight().shape().columns());
        int limit = limit(placement.dtype());
        if (target.hasRemaining()) {
            // Half of the last byte may be nobody's.
            target.put(target.limit() - 1, (byte) 0);
        }
        IntBuffer pairs = target.asIntBuffer();
        for (int r = 0; r < rows; r += TILE_ROWS) {
            for (int c = 0; c < columns; c += TILE_COLUMNS) {
                Region region =
                        new Region(row + r, Math.min(TILE_ROWS, rows - r), c, Math.min(TILE_COLUMNS, columns - c));
                Tile place = Tile.rowMajor(columns).from(r, c);
                Structure.resolve(placement.weight(), region, place, (leaf, part, tile) -> {
                    if (!kernel.convert(leaf, part, tile, placement.dtype(), limit, pairs)) {
                        encode(placement, leaf, part, tile, limit, target);
                    }
                });
            }
        }
    }

    /** Float bits of the smallest magnitude that a type cannot hold. */
    private static int limit(DType dtype) {
        return switch (dtype) {
            case F16 -> FLOAT16_OVERFLOW;
            case BF16 -> BFLOAT16_OVERFLOW;
            default -> INFINITY;
        };
    }

    /** The general way: any expression, any extent, element by element. */
    private void encode(Placement placement, Weight leaf, Region region, Tile tile, int limit, ByteBuffer target) {
        Tile dense = Tile.rowMajor(region.columns());
        evaluator.fill(leaf, region, values, dense);
        for (int r = 0; r < region.rows(); r++) {
            int from = r * region.columns();
            int at = tile.offset() + r * tile.rowStride();
            int largest = encode(placement.dtype(), from, region.columns(), target, at, tile.columnStride());
            if (largest >= limit) {
                throw notRepresentable(placement, leaf, region, from, limit);
            }
        }
    }

    /** Stores a row of values and returns the largest magnitude in it, as float bits. */
    private int encode(DType dtype, int from, int count, ByteBuffer target, int at, int stride) {
        int largest = 0;
        for (int i = 0; i < count; i++) {
            float value = values[from + i];
            largest = Math.max(largest, Float.floatToRawIntBits(value) & 0x7fffffff);
            int position = at + i * stride;
            switch (dtype) {
                case F32 -> target.putFloat(4 * position, value);
                case F16 -> target.putShort(2 * position, Float16.fromFloat(value));
                case BF16 -> target.putShort(2 * position, BFloat16.fromFloat(value));
                case U8, I8 -> target.put(position, (byte) (int) value);
                case U4, I4 -> putHalf(target, position, (int) value);
                default -> throw new IllegalStateException("weights are not written as " + dtype);
            }
        }
        return largest;
    }

    /** The buffer may still hold what was in it before, of which only this half is replaced. */
    private static void putHalf(ByteBuffer target, int position, int value) {
        int old = target.get(position / 2);
        int changed = position % 2 == 0 ? old & 0xf0 | value & 0xf : old & 0xf | (value & 0xf) << 4;
        target.put(position / 2, (byte) changed);
    }

    private TwofoldException notRepresentable(Placement placement, Weight leaf, Region region, int from, int limit) {
        int i = from;
        while ((Float.floatToRawIntBits(values[i]) & 0x7fffffff) < limit) {
            i++;
        }
        float value = values[i];
        String place = evaluator
                .origin(leaf, region.row() + i / region.columns(), region.column() + i % region.columns())
                .map(Weights.Element::describe)
                .orElse(placement.name());
        if (Float.isFinite(value)) {
            boolean half = placement.dtype() == DType.F16;
            return TwofoldException.input("a weight overflows " + (half ? "fp16" : "bf16"))
                    .at(place)
                    .found(value + " after folding, for " + placement.name())
                    .expected("a magnitude of at most " + (half ? Float16.MAX : BFloat16.MAX))
                    .hint(half ? "use --dtype bf16 or --dtype fp32" : "use --dtype fp32");
        }
        return notFinite(placement, place, value);
    }

    static TwofoldException notFinite(Placement placement, String place, float value) {
        return TwofoldException.input("a weight is not a finite number")
                .at(place)
                .found(value + " for " + placement.name())
                .hint("download the checkpoint again, or tell its author: a model with such a weight cannot compute"
                        + " anything");
    }
}
