package dev.twofold.weight;

import dev.twofold.disk.MappedFiles;
import dev.twofold.tensor.BFloat16;
import dev.twofold.tensor.Float16;
import dev.twofold.weight.Weight.Applied;
import dev.twofold.weight.Weight.Blocked;
import dev.twofold.weight.Weight.Combined;
import dev.twofold.weight.Weight.Computed;
import dev.twofold.weight.Weight.Described;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.Weight.Scaled;
import dev.twofold.weight.Weight.Stored;
import dev.twofold.weight.Weight.Woven;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Computes rectangles of weight expressions in float32. Safe for use by many threads. */
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
            fill(weight, new Region(row, rows, 0, columns), values, Tile.rowMajor(columns));
            target.put(values, 0, rows * columns);
        }
    }

    /** A whole weight, row-major; only for small ones. */
    public float[] read(Weight weight) {
        float[] values = new float[Math.toIntExact(weight.shape().elements())];
        read(weight, FloatBuffer.wrap(values));
        return values;
    }

    /** Computes a rectangle into {@code data}, at the places that {@code tile} names. */
    void fill(Weight weight, Region region, float[] data, Tile tile) {
        Structure.resolve(weight, region, tile, (leaf, part, place) -> compute(leaf, part, data, place));
    }

    private void compute(Weight leaf, Region region, float[] data, Tile tile) {
        if (leaf instanceof Stored stored) {
            decode(stored, region, data, tile);
        } else if (leaf instanceof Blocked blocked) {
            BlockedTiles.decode(files, blocked, region, data, tile);
        } else if (leaf instanceof Woven woven) {
            WovenTiles.fill(this, woven, region, data, tile);
        } else if (leaf instanceof Scaled scaled) {
            fill(scaled.source(), region, data, tile);
            scale(scaled, region, data, tile);
        } else if (leaf instanceof Combined combined) {
            combine(combined, region, data, tile);
        } else if (leaf instanceof Applied applied) {
            apply(applied, region, data, tile);
        } else if (leaf instanceof Filled filled) {
            float[] row = new float[region.columns()];
            Arrays.fill(row, filled.value());
            for (int r = 0; r < region.rows(); r++) {
                put(row, 0, data, tile.from(r, 0), region.columns());
            }
        } else if (leaf instanceof Computed computed) {
            float[] row = new float[Math.toIntExact(computed.shape().columns())];
            for (int r = 0; r < region.rows(); r++) {
                computed.rows().fill(region.row() + r, row);
                put(row, Math.toIntExact(region.column()), data, tile.from(r, 0), region.columns());
            }
        } else if (leaf instanceof Described described) {
            throw new IllegalStateException(
                    "the tensor " + described.name() + " is only described, and has no numbers to read");
        } else {
            throw new IllegalStateException("unknown weight " + leaf);
        }
    }

    /** The elements of a scale vector. */
    float[] vector(Weight weight) {
        float[] known = vectors.get(weight);
        return known == null ? readOnce(weight) : known;
    }

    /** Not computeIfAbsent: a vector may be scaled by another, and the map forbids filling it while filling it. */
    private synchronized float[] readOnce(Weight weight) {
        float[] known = vectors.get(weight);
        if (known == null) {
            known = read(weight);
            vectors.put(weight, known);
        }
        return known;
    }

    private void scale(Scaled scaled, Region region, float[] data, Tile tile) {
        float[] vector = vector(scaled.vector());
        boolean byRows = Weights.byRows(scaled.shape().rank(), scaled.axis());
        for (int r = 0; r < region.rows(); r++) {
            for (int c = 0; c < region.columns(); c++) {
                long position = byRows ? region.row() + r : region.column() + c;
                data[tile.offset() + r * tile.rowStride() + c * tile.columnStride()] *= vector[(int) position];
            }
        }
    }

    private void combine(Combined combined, Region region, float[] data, Tile tile) {
        float[] part = new float[region.rows() * region.columns()];
        float[] sum = new float[part.length];
        for (int i = 0; i < combined.parts().size(); i++) {
            fill(combined.parts().get(i), region, part, Tile.rowMajor(region.columns()));
            float coefficient = combined.coefficients().get(i);
            for (int k = 0; k < part.length; k++) {
                sum[k] += coefficient * part[k];
            }
        }
        for (int r = 0; r < region.rows(); r++) {
            put(sum, r * region.columns(), data, tile.from(r, 0), region.columns());
        }
    }

    /** A rectangle of a vector is a run of its elements: as many rows of the matrix, read few at a time. */
    private void apply(Applied applied, Region region, float[] data, Tile tile) {
        float[] vector = vector(applied.vector());
        int strip = Math.max(1, STRIP / vector.length);
        float[] rows = new float[Math.min(strip, region.columns()) * vector.length];
        for (int from = 0; from < region.columns(); from += strip) {
            int count = Math.min(strip, region.columns() - from);
            Region part = new Region(region.column() + from, count, 0, vector.length);
            fill(applied.matrix(), part, rows, Tile.rowMajor(vector.length));
            for (int row = 0; row < count; row++) {
                double sum = 0;
                for (int i = 0; i < vector.length; i++) {
                    sum += (double) rows[row * vector.length + i] * vector[i];
                }
                data[tile.offset() + (from + row) * tile.columnStride()] = (float) sum;
            }
        }
    }

    private static void put(float[] values, int from, float[] data, Tile tile, int count) {
        for (int i = 0; i < count; i++) {
            data[tile.offset() + i * tile.columnStride()] = values[from + i];
        }
    }

    private void decode(Stored stored, Region region, float[] data, Tile tile) {
        int rowBytes = region.columns() * stored.dtype().bytes();
        byte[] raw = new byte[region.rows() * rowBytes];
        read(stored, region, raw);
        for (int r = 0; r < region.rows(); r++) {
            int at = tile.offset() + r * tile.rowStride();
            decode(stored, raw, r * rowBytes, data, at, tile.columnStride(), region.columns());
        }
    }

    /** The bytes of a rectangle of a stored tensor, row by row. */
    void read(Stored stored, Region region, byte[] target) {
        int width = stored.dtype().bytes();
        long stride = stored.shape().columns() * width;
        long start = stored.offset() + region.row() * stride + region.column() * width;
        files.read(stored.file(), start, stride, region.rows(), target, region.columns() * width);
    }

    /** The bytes of a rectangle of whole blocks, row by row. */
    void read(Blocked blocked, Region region, byte[] target) {
        BlockFormat format = blocked.format();
        long stride = format.bytes(blocked.shape().columns());
        long start = blocked.offset() + region.row() * stride + format.bytes(region.column());
        files.read(blocked.file(), start, stride, region.rows(), target, (int) format.bytes(region.columns()));
    }

    private static void decode(Stored stored, byte[] raw, int from, float[] data, int at, int stride, int count) {
        switch (stored.dtype()) {
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    data[at + i * stride] = BFloat16.toFloat((short) SHORTS.get(raw, from + 2 * i));
                }
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    data[at + i * stride] = Float16.toFloat((short) SHORTS.get(raw, from + 2 * i));
                }
            }
            case F32 -> {
                for (int i = 0; i < count; i++) {
                    data[at + i * stride] = (float) FLOATS.get(raw, from + 4 * i);
                }
            }
            default -> throw new IllegalStateException("a checkpoint reader let through " + stored);
        }
    }
}
