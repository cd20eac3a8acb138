package dev.twofold.weight;

import dev.twofold.tensor.BFloat16;
import dev.twofold.tensor.Float16;
import dev.twofold.weight.Weight.Combined;
import dev.twofold.weight.Weight.Computed;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.Weight.Scaled;
import dev.twofold.weight.Weight.Sliced;
import dev.twofold.weight.Weight.Stacked;
import dev.twofold.weight.Weight.Stored;
import dev.twofold.weight.Weight.Transposed;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Computes rectangles of weight expressions in float32. Structure costs nothing: stacking, slicing and transposing only
 * change which element of a file goes where. Safe for use by many threads.
 */
public final class WeightEvaluator {

    private static final VarHandle SHORTS =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle FLOATS =
            MethodHandles.byteArrayViewVarHandle(float[].class, ByteOrder.LITTLE_ENDIAN);

    /** Elements that {@link #read(Weight, FloatBuffer)} holds at a time. */
    private static final int STRIP = 1 << 16;

    private final MappedFiles files;
    /** Scale vectors: as long as the hidden size, and asked for once a tile. */
    private final Map<Weight, float[]> vectors = new ConcurrentHashMap<>();

    public WeightEvaluator(MappedFiles files) {
        this.files = files;
    }

    /** Appends a whole weight, row-major, to a buffer. */
    public void read(Weight weight, FloatBuffer target) {
        int columns = Math.toIntExact(weight.shape().columns());
        int strip = Math.max(1, STRIP / Math.max(1, columns));
        float[] values = new float[strip * columns];
        for (long row = 0; row < weight.shape().rows(); row += strip) {
            int rows = (int) Math.min(strip, weight.shape().rows() - row);
            fill(weight, new Region(row, rows, 0, columns), Tile.rowMajor(values, columns));
            target.put(values, 0, rows * columns);
        }
    }

    /** A whole weight, row-major; only for small ones. */
    public float[] read(Weight weight) {
        float[] values = new float[Math.toIntExact(weight.shape().elements())];
        read(weight, FloatBuffer.wrap(values));
        return values;
    }

    void fill(Weight weight, Region region, Tile tile) {
        if (weight instanceof Stored stored) {
            decode(stored, region, tile);
        } else if (weight instanceof Transposed transposed) {
            fill(transposed.source(), region.transposed(), tile.transposed());
        } else if (weight instanceof Stacked stacked) {
            stack(stacked, region, tile);
        } else if (weight instanceof Sliced sliced) {
            boolean byRows = Weights.byRows(sliced.shape().rank(), sliced.axis());
            long row = region.row() + (byRows ? sliced.begin() : 0);
            long column = region.column() + (byRows ? 0 : sliced.begin());
            fill(sliced.source(), new Region(row, region.rows(), column, region.columns()), tile);
        } else if (weight instanceof Scaled scaled) {
            fill(scaled.source(), region, tile);
            scale(scaled, region, tile);
        } else if (weight instanceof Combined combined) {
            combine(combined, region, tile);
        } else if (weight instanceof Filled filled) {
            float[] row = new float[region.columns()];
            Arrays.fill(row, filled.value());
            for (int r = 0; r < region.rows(); r++) {
                put(row, 0, tile.from(r, 0), region.columns());
            }
        } else if (weight instanceof Computed computed) {
            float[] row = new float[Math.toIntExact(computed.shape().columns())];
            for (int r = 0; r < region.rows(); r++) {
                computed.rows().fill(region.row() + r, row);
                put(row, Math.toIntExact(region.column()), tile.from(r, 0), region.columns());
            }
        } else {
            throw new IllegalStateException("unknown weight " + weight);
        }
    }

    private void stack(Stacked stacked, Region region, Tile tile) {
        boolean byRows = Weights.byRows(stacked.shape().rank(), stacked.axis());
        long begin = 0;
        int filled = 0;
        for (Weight part : stacked.parts()) {
            long end = begin + part.shape().dim(stacked.axis());
            Region inside = region.within(byRows, begin, end);
            if (!inside.isEmpty()) {
                fill(part, inside, byRows ? tile.from(filled, 0) : tile.from(0, filled));
                filled += byRows ? inside.rows() : inside.columns();
            }
            begin = end;
        }
    }

    private void scale(Scaled scaled, Region region, Tile tile) {
        float[] vector = vectors.get(scaled.vector());
        if (vector == null) {
            vector = read(scaled.vector());
            vectors.put(scaled.vector(), vector);
        }
        boolean byRows = Weights.byRows(scaled.shape().rank(), scaled.axis());
        boolean rowsOutside = tile.rowStride() >= tile.columnStride();
        // Walk the tile along its contiguous direction, whichever of the two that is.
        int outer = rowsOutside ? region.rows() : region.columns();
        int inner = rowsOutside ? region.columns() : region.rows();
        int outerStride = rowsOutside ? tile.rowStride() : tile.columnStride();
        int innerStride = rowsOutside ? tile.columnStride() : tile.rowStride();
        int first = Math.toIntExact(byRows ? region.row() : region.column());
        float[] data = tile.data();
        for (int i = 0; i < outer; i++) {
            int at = tile.offset() + i * outerStride;
            if (byRows == rowsOutside) {
                float factor = vector[first + i];
                for (int j = 0; j < inner; j++) {
                    data[at + j * innerStride] *= factor;
                }
            } else {
                for (int j = 0; j < inner; j++) {
                    data[at + j * innerStride] *= vector[first + j];
                }
            }
        }
    }

    private void combine(Combined combined, Region region, Tile tile) {
        float[] part = new float[region.rows() * region.columns()];
        float[] sum = new float[part.length];
        for (int i = 0; i < combined.parts().size(); i++) {
            fill(combined.parts().get(i), region, Tile.rowMajor(part, region.columns()));
            float coefficient = combined.coefficients().get(i);
            for (int k = 0; k < part.length; k++) {
                sum[k] += coefficient * part[k];
            }
        }
        for (int r = 0; r < region.rows(); r++) {
            put(sum, r * region.columns(), tile.from(r, 0), region.columns());
        }
    }

    private static void put(float[] values, int from, Tile tile, int count) {
        for (int i = 0; i < count; i++) {
            tile.data()[tile.offset() + i * tile.columnStride()] = values[from + i];
        }
    }

    private void decode(Stored stored, Region region, Tile tile) {
        int width = stored.dtype().bytes();
        long stride = stored.shape().columns() * width;
        byte[] raw = new byte[region.columns() * width];
        for (int r = 0; r < region.rows(); r++) {
            long at = stored.offset() + (region.row() + r) * stride + region.column() * width;
            files.read(stored.file(), at, raw, raw.length);
            decode(stored, raw, tile.data(), tile.offset() + r * tile.rowStride(), tile.columnStride(), region.columns());
        }
    }

    private static void decode(Stored stored, byte[] raw, float[] data, int at, int stride, int count) {
        switch (stored.dtype()) {
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    data[at + i * stride] = BFloat16.toFloat((short) SHORTS.get(raw, 2 * i));
                }
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    data[at + i * stride] = Float16.toFloat((short) SHORTS.get(raw, 2 * i));
                }
            }
            case F32 -> {
                for (int i = 0; i < count; i++) {
                    data[at + i * stride] = (float) FLOATS.get(raw, 4 * i);
                }
            }
            default -> throw new IllegalStateException("a checkpoint reader let through " + stored);
        }
    }
}
