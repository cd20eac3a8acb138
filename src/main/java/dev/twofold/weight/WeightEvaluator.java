package dev.twofold.weight;

import dev.twofold.disk.MappedFiles;
import dev.twofold.tensor.BFloat16;
import dev.twofold.tensor.Float16;
import dev.twofold.weight.Weight.Applied;
import dev.twofold.weight.Weight.BlockTensor;
import dev.twofold.weight.Weight.Blocked;
import dev.twofold.weight.Weight.ColumnSizes;
import dev.twofold.weight.Weight.Combined;
import dev.twofold.weight.Weight.Computed;
import dev.twofold.weight.Weight.Dequantized;
import dev.twofold.weight.Weight.Described;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.Weight.NestedScales;
import dev.twofold.weight.Weight.Nibbles;
import dev.twofold.weight.Weight.Product;
import dev.twofold.weight.Weight.Reciprocal;
import dev.twofold.weight.Weight.Rounded;
import dev.twofold.weight.Weight.Scaled;
import dev.twofold.weight.Weight.Stored;
import dev.twofold.weight.Weight.Unpacked;
import dev.twofold.weight.Weight.Woven;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Computes rectangles of weight expressions in float32. Safe for use by many threads. */
public final class WeightEvaluator {

    private static final VarHandle SHORTS =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle FLOATS =
            MethodHandles.byteArrayViewVarHandle(float[].class, ByteOrder.LITTLE_ENDIAN);

    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle DOUBLES =
            MethodHandles.byteArrayViewVarHandle(double[].class, ByteOrder.LITTLE_ENDIAN);

    /** Elements that {@link #read(Weight, FloatBuffer)} holds at a time, unless its least number of rows has more. */
    private static final int STRIP = 1 << 16;

    /** A row of a transposed matrix is a column of what is stored, and reading one alone takes as long as reading so many. */
    private static final int LEAST_ROWS = 32;

    /** Elements that are transposed together: they fit the first-level cache. */
    private static final int TURNED = 1 << 12;

    /** Bytes of a stored tensor that are read together. */
    private static final int RAW_BYTES = 1 << 14;

    private final MappedFiles files;
    private final BlockRounding rounding = new BlockRounding(this);
    /** Scale vectors: as long as the hidden size, and asked for once a tile. */
    private final Map<Weight, float[]> vectors = new ConcurrentHashMap<>();

    public WeightEvaluator(MappedFiles files) {
        this.files = files;
    }

    /** Appends a whole weight, row-major, to a buffer. */
    public void read(Weight weight, FloatBuffer target) {
        int columns = Math.toIntExact(weight.shape().columns());
        int strip = Math.max(LEAST_ROWS, STRIP / Math.max(1, columns));
        strip = (int) Math.max(1, Math.min(strip, weight.shape().rows()));
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
        Structure.resolve(weight, region, tile, (leaf, part, place) -> {
            if (place.columnStride() == 1 || !isStored(leaf)) {
                compute(leaf, part, data, place);
            } else {
                turn(leaf, part, data, place);
            }
        });
    }

    /** Whether rows of a weight cost the same wherever a rectangle is cut. */
    private static boolean isStored(Weight weight) {
        return weight instanceof Stored || weight instanceof Scaled scaled && isStored(scaled.source());
    }

    /** Computes a few rows at a time, and puts them down as columns. */
    private void turn(Weight leaf, Region region, float[] data, Tile tile) {
        int columns = region.columns();
        int height = Math.min(region.rows(), Math.max(1, TURNED / columns));
        float[] rows = new float[height * columns];
        for (int from = 0; from < region.rows(); from += height) {
            int count = Math.min(height, region.rows() - from);
            Region part = new Region(region.row() + from, count, region.column(), columns);
            compute(leaf, part, rows, Tile.rowMajor(columns));
            for (int c = 0; c < columns; c++) {
                int at = tile.offset() + from * tile.rowStride() + c * tile.columnStride();
                for (int r = 0; r < count; r++) {
                    data[at + r * tile.rowStride()] = rows[r * columns + c];
                }
            }
        }
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
            ScaledTiles.scale(scaled, vector(scaled.vector()), region, data, tile);
        } else if (leaf instanceof Combined combined) {
            combine(combined, region, data, tile);
        } else if (leaf instanceof Applied applied) {
            apply(applied, region, data, tile);
        } else if (leaf instanceof ColumnSizes sizes) {
            columnSizes(sizes, region, data, tile);
        } else if (leaf instanceof Reciprocal reciprocal) {
            float[] vector = vector(reciprocal.vector());
            for (int c = 0; c < region.columns(); c++) {
                data[tile.offset() + c * tile.columnStride()] = 1 / vector[Math.toIntExact(region.column()) + c];
            }
        } else if (leaf instanceof Rounded rounded) {
            rounding.fill(rounded, region, data, tile);
        } else if (leaf instanceof BlockTensor tensor) {
            rounding.fill(tensor, region, data, tile);
        } else if (leaf instanceof Product product) {
            multiply(product, region, data, tile);
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
        } else if (leaf instanceof Unpacked unpacked) {
            DequantizedTiles.unpack(this, unpacked, region, data, tile);
        } else if (leaf instanceof Dequantized quantized) {
            DequantizedTiles.dequantize(this, quantized, region, data, tile);
        } else if (leaf instanceof Nibbles nibbles) {
            FourBitTiles.unpack(this, nibbles, region, data, tile);
        } else if (leaf instanceof NestedScales nested) {
            FourBitTiles.scales(this, nested, region, data, tile);
        } else if (leaf instanceof Described described) {
            throw new IllegalStateException(
                    "the tensor " + described.name() + " is only described, and has no numbers to read");
        } else {
            throw new IllegalStateException("unknown weight " + leaf);
        }
    }

    /** The element of a stored tensor that is to blame for a number of a weight, if one is. */
    Optional<Weights.Element> origin(Weight weight, long row, long column) {
        return weight instanceof BlockTensor tensor
                ? rounding.largest(tensor.matrix(), row, column)
                : Weights.at(weight, row, column);
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

    /** Squares are summed in float64, in the order of the rows. */
    private void columnSizes(ColumnSizes sizes, Region region, float[] data, Tile tile) {
        int columns = region.columns();
        int strip = Math.max(1, STRIP / Math.max(1, columns));
        float[] rows = new float[strip * columns];
        double[] squares = new double[columns];
        long count = 0;
        for (Weight matrix : sizes.matrices()) {
            long height = matrix.shape().rows();
            for (long from = 0; from < height; from += strip) {
                int part = (int) Math.min(strip, height - from);
                fill(matrix, new Region(from, part, region.column(), columns), rows, Tile.rowMajor(columns));
                for (int i = 0; i < part * columns; i++) {
                    squares[i % columns] += (double) rows[i] * rows[i];
                }
            }
            count += height;
        }
        for (int c = 0; c < columns; c++) {
            float size = (float) Math.sqrt(squares[c] / count);
            data[tile.offset() + c * tile.columnStride()] = size == 0 ? 1 : size;
        }
    }

    private void multiply(Product product, Region region, float[] data, Tile tile) {
        int depth = Math.toIntExact(product.left().shape().dim(1));
        float[] left = new float[region.rows() * depth];
        float[] right = new float[depth * region.columns()];
        fill(product.left(), new Region(region.row(), region.rows(), 0, depth), left, Tile.rowMajor(depth));
        Region columns = new Region(0, depth, region.column(), region.columns());
        fill(product.right(), columns, right, Tile.rowMajor(region.columns()));
        double[] sums = new double[region.columns()];
        for (int r = 0; r < region.rows(); r++) {
            Arrays.fill(sums, 0);
            for (int k = 0; k < depth; k++) {
                double factor = left[r * depth + k];
                for (int c = 0; c < sums.length; c++) {
                    sums[c] += factor * right[k * sums.length + c];
                }
            }
            Tile row = tile.from(r, 0);
            for (int c = 0; c < sums.length; c++) {
                data[row.offset() + c * row.columnStride()] = (float) sums[c];
            }
        }
    }

    private static void put(float[] values, int from, float[] data, Tile tile, int count) {
        for (int i = 0; i < count; i++) {
            data[tile.offset() + i * tile.columnStride()] = values[from + i];
        }
    }

    /** A few rows at a time, whose bytes then are still in the first-level cache. */
    private void decode(Stored stored, Region region, float[] data, Tile tile) {
        int columns = region.columns();
        int rowBytes = columns * stored.dtype().bytes();
        int height = Math.min(region.rows(), Math.max(1, RAW_BYTES / Math.max(1, rowBytes)));
        byte[] raw = new byte[height * rowBytes];
        for (int from = 0; from < region.rows(); from += height) {
            int rows = Math.min(height, region.rows() - from);
            read(stored, new Region(region.row() + from, rows, region.column(), columns), raw);
            for (int r = 0; r < rows; r++) {
                int at = tile.offset() + (from + r) * tile.rowStride();
                decode(stored, raw, r * rowBytes, data, at, tile.columnStride(), columns);
            }
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
            case F8_E4M3, F8_E5M2, F8_E8M0, I8, U8 -> {
                for (int i = 0; i < count; i++) {
                    data[at + i * stride] = SmallNumbers.toFloat(stored.dtype(), raw[from + i]);
                }
            }
            case I32 -> {
                for (int i = 0; i < count; i++) {
                    data[at + i * stride] = (int) INTS.get(raw, from + 4 * i);
                }
            }
            case F64 -> {
                for (int i = 0; i < count; i++) {
                    data[at + i * stride] = (float) (double) DOUBLES.get(raw, from + 8 * i);
                }
            }
            default -> throw new IllegalStateException("a checkpoint reader let through " + stored);
        }
    }
}
