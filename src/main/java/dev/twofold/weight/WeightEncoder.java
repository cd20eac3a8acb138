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
    /** Not a power of two: a transposed tile is read down its columns, and those must not share one cache set. */
    private static final int ROW_STRIDE = TILE_COLUMNS + 16;

    private static final int INFINITY = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);
    /** The smallest float that rounds to infinity in binary16. */
    private static final int FLOAT16_OVERFLOW = Float.floatToRawIntBits(65520f);
    /** The float bits halfway between the largest bfloat16 and infinity. */
    private static final int BFLOAT16_OVERFLOW = 0x7f7f8000;

    private final WeightEvaluator evaluator;
    private final HalfKernel kernel;
    private final BlockEncoder blocks;
    private final float[] values = new float[TILE_ROWS * ROW_STRIDE];
    /** Numbers that lie side by side in the target. */
    private final float[] line = new float[Math.max(TILE_ROWS, TILE_COLUMNS)];

    private final byte[] codes = new byte[line.length];

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

    /** The general way: any expression, any extent. Numbers are put down in lines along the buffer, whichever way that is. */
    private void encode(Placement placement, Weight leaf, Region region, Tile tile, int limit, ByteBuffer target) {
        evaluator.fill(leaf, region, values, Tile.rowMajor(ROW_STRIDE));
        for (int r = 0; r < region.rows(); r++) {
            if (largest(r * ROW_STRIDE, region.columns()) >= limit) {
                throw notRepresentable(placement, leaf, region, r, limit);
            }
        }
        if (tile.columnStride() == 1) {
            for (int r = 0; r < region.rows(); r++) {
                System.arraycopy(values, r * ROW_STRIDE, line, 0, region.columns());
                put(placement.dtype(), region.columns(), target, tile.offset() + r * tile.rowStride());
            }
        } else {
            for (int c = 0; c < region.columns(); c++) {
                for (int r = 0; r < region.rows(); r++) {
                    line[r] = values[r * ROW_STRIDE + c];
                }
                put(placement.dtype(), region.rows(), target, tile.offset() + c * tile.columnStride());
            }
        }
    }

    /** The largest magnitude of a row, as float bits. */
    private int largest(int from, int count) {
        int largest = 0;
        for (int i = from; i < from + count; i++) {
            largest = Math.max(largest, Float.floatToRawIntBits(values[i]) & 0x7fffffff);
        }
        return largest;
    }

    /** Stores the first numbers of the line from an element of the target on. */
    private void put(DType dtype, int count, ByteBuffer target, int at) {
        switch (dtype) {
            case F32 -> target.asFloatBuffer().put(at, line, 0, count);
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    target.putShort(2 * (at + i), Float16.fromFloat(line[i]));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    target.putShort(2 * (at + i), BFloat16.fromFloat(line[i]));
                }
            }
            case U8, I8 -> {
                for (int i = 0; i < count; i++) {
                    codes[i] = (byte) (int) line[i];
                }
                target.put(at, codes, 0, count);
            }
            case U4, I4 -> {
                for (int i = 0; i < count; i++) {
                    putHalf(target, at + i, (int) line[i]);
                }
            }
            default -> throw new IllegalStateException("weights are not written as " + dtype);
        }
    }

    /** The buffer may still hold what was in it before, of which only this half is replaced. */
    private static void putHalf(ByteBuffer target, int position, int value) {
        int old = target.get(position / 2);
        int changed = position % 2 == 0 ? old & 0xf0 | value & 0xf : old & 0xf | (value & 0xf) << 4;
        target.put(position / 2, (byte) changed);
    }

    private TwofoldException notRepresentable(Placement placement, Weight leaf, Region region, int row, int limit) {
        int column = 0;
        while ((Float.floatToRawIntBits(values[row * ROW_STRIDE + column]) & 0x7fffffff) < limit) {
            column++;
        }
        float value = values[row * ROW_STRIDE + column];
        String place = evaluator
                .origin(leaf, region.row() + row, region.column() + column)
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
