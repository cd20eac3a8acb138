package dev.twofold.weight;

import dev.twofold.tensor.DType;
import dev.twofold.tensor.IntegerBlocks;
import dev.twofold.tensor.Shape;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A weight as an expression over tensors on disk. Building one reads nothing; {@link WeightEvaluator} computes any
 * rectangle of it in float32 when it is needed.
 *
 * <p>Weights are vectors or matrices. Matrices of projections are {@code [out, in]}, as Hugging Face stores them.
 * Expressions are values: two that are equal denote the same numbers.
 */
public sealed interface Weight {

    Shape shape();

    /** A tensor of a checkpoint, which has a name there. */
    sealed interface Tensor extends Weight {

        String name();
    }

    /** A tensor of a checkpoint that can be read, starting {@code offset} bytes into its file. */
    sealed interface OnDisk extends Tensor {

        Path file();

        long offset();

        /** Length of its data. */
        long bytes();
    }

    /** A tensor of numbers: row-major, little-endian. */
    record Stored(Path file, String name, long offset, DType dtype, Shape shape) implements OnDisk {

        @Override
        public long bytes() {
            return shape.elements() * dtype.bits() / 8;
        }
    }

    /** A tensor in blocks of few bits a number, along its rows, whose length is a multiple of a block's. */
    record Blocked(Path file, String name, long offset, BlockFormat format, Shape shape) implements OnDisk {

        public Blocked {
            format.requireWhole(shape);
        }

        @Override
        public long bytes() {
            return format.bytes(shape.elements());
        }
    }

    /** A tensor that a config tells of and no file was looked for: it has a size, and no numbers that could be computed. */
    record Described(String name, Shape shape) implements Tensor {}

    /** Parts laid one after the other along an axis; the other axis must agree. */
    record Stacked(int axis, List<Weight> parts) implements Weight {

        public Stacked {
            parts = List.copyOf(parts);
            Weights.requireStackable(axis, parts);
        }

        @Override
        public Shape shape() {
            long extent =
                    parts.stream().mapToLong(part -> part.shape().dim(axis)).sum();
            return parts.get(0).shape().with(axis, extent);
        }
    }

    /** The part of a weight from {@code begin} (included) to {@code end} (excluded) along an axis. */
    record Sliced(Weight source, int axis, long begin, long end) implements Weight {

        public Sliced {
            if (begin < 0 || begin > end || end > source.shape().dim(axis)) {
                throw new IllegalArgumentException(
                        "slice " + begin + ":" + end + " along axis " + axis + " of " + source.shape());
            }
        }

        @Override
        public Shape shape() {
            return source.shape().with(axis, end - begin);
        }
    }

    /** A matrix with rows and columns exchanged. */
    record Transposed(Weight source) implements Weight {

        public Transposed {
            if (source.shape().rank() != 2) {
                throw new IllegalArgumentException("only a matrix transposes, not " + source.shape());
            }
        }

        @Override
        public Shape shape() {
            return Shape.of(source.shape().dim(1), source.shape().dim(0));
        }
    }

    /**
     * Rows in another order: in every group of {@code strands * length}, row {@code i} of strand {@code s} goes to place
     * {@code i * strands + s}, so that strands which lay one after the other run through one another. The elements of a
     * vector are taken as its rows.
     */
    record Woven(Weight source, int strands, int length) implements Weight {

        public Woven {
            if (strands < 1 || length < 1 || source.shape().dim(0) % ((long) strands * length) != 0) {
                throw new IllegalArgumentException(
                        strands + " strands of " + length + " do not divide " + source.shape());
            }
        }

        @Override
        public Shape shape() {
            return source.shape();
        }
    }

    /** Each slice along {@code axis} times its element of {@code vector}, multiplied in float32. */
    record Scaled(Weight source, int axis, Weight vector) implements Weight {

        public Scaled {
            if (!vector.shape().equals(Shape.of(source.shape().dim(axis)))) {
                throw new IllegalArgumentException(
                        "scale of shape " + vector.shape() + " along axis " + axis + " of " + source.shape());
            }
        }

        @Override
        public Shape shape() {
            return source.shape();
        }
    }

    /** The sum of weights of one shape, each times its coefficient. */
    record Combined(List<Weight> parts, List<Float> coefficients) implements Weight {

        public Combined {
            parts = List.copyOf(parts);
            coefficients = List.copyOf(coefficients);
            Weights.requireSameShape(parts);
            if (parts.size() != coefficients.size()) {
                throw new IllegalArgumentException(parts.size() + " weights, " + coefficients.size() + " coefficients");
            }
        }

        @Override
        public Shape shape() {
            return parts.get(0).shape();
        }
    }

    /** A matrix {@code [out, in]} times a vector {@code [in]}: {@code [out]}, summed in float64. */
    record Applied(Weight matrix, Weight vector) implements Weight {

        public Applied {
            if (matrix.shape().rank() != 2
                    || !vector.shape().equals(Shape.of(matrix.shape().dim(1)))) {
                throw new IllegalArgumentException(matrix.shape() + " does not apply to " + vector.shape());
            }
        }

        @Override
        public Shape shape() {
            return Shape.of(matrix.shape().dim(0));
        }
    }

    /**
     * The root mean square of every column of matrices that have as many, laid below one another; 1 for a column of zeros. A vector is
     * a row.
     */
    record ColumnSizes(List<Weight> matrices) implements Weight {

        public ColumnSizes {
            matrices = List.copyOf(matrices);
            long columns = matrices.get(0).shape().columns();
            if (matrices.stream().anyMatch(matrix -> matrix.shape().columns() != columns)) {
                throw new IllegalArgumentException(
                        "columns of " + matrices.stream().map(Weight::shape).toList());
            }
        }

        @Override
        public Shape shape() {
            return Shape.of(matrices.get(0).shape().columns());
        }
    }

    /** One divided by each element of a vector. */
    record Reciprocal(Weight vector) implements Weight {

        @Override
        public Shape shape() {
            return vector.shape();
        }
    }

    /** A matrix rounded to whole numbers in blocks along its rows: the numbers that these stand for. */
    record Rounded(Weight source, IntegerBlocks blocks, Grid grid) implements Weight {

        public Rounded {
            if (source.shape().rank() != 2) {
                throw new IllegalArgumentException("only a matrix is rounded in blocks, not " + source.shape());
            }
            grid.require(
                    Shape.of(source.shape().dim(0), blocks.blocks(source.shape().dim(1))));
        }

        @Override
        public Shape shape() {
            return source.shape();
        }
    }

    /**
     * One of the tensors that a rounded matrix is stored as.
     *
     * @param columns in each row; more than the matrix has of them if rows are to be filled up
     */
    record BlockTensor(Rounded matrix, BlockPart part, long columns) implements Weight {

        @Override
        public Shape shape() {
            return Shape.of(matrix.shape().dim(0), columns);
        }
    }

    /** A matrix {@code [m, k]} times a matrix {@code [k, n]}, for few k, which are summed in float64. */
    record Product(Weight left, Weight right) implements Weight {

        public Product {
            if (left.shape().rank() != 2
                    || right.shape().rank() != 2
                    || left.shape().dim(1) != right.shape().dim(0)) {
                throw new IllegalArgumentException(left.shape() + " does not multiply " + right.shape());
            }
        }

        @Override
        public Shape shape() {
            return Shape.of(left.shape().dim(0), right.shape().dim(1));
        }
    }

    /**
     * Whole numbers of few bits, several in each 32-bit word or byte of a matrix, the first in the lowest bits.
     *
     * @param axis that the numbers of a word lie along
     * @param woven whether numbers of even place come first in a word, then the others, as AWQ has them
     * @param signed whether they are in two's complement, and not from 0 up
     */
    record Unpacked(Stored words, int bits, int axis, boolean woven, boolean signed) implements Weight {

        public Unpacked {
            boolean words32 = words.dtype() == DType.I32;
            if (!words32 && words.dtype() != DType.U8
                    || words.shape().rank() != 2
                    || words.dtype().bits() % bits != 0) {
                throw new IllegalArgumentException(words + " holds no numbers of " + bits + " bits");
            }
        }

        /** Numbers in a word. */
        public int each() {
            return words.dtype().bits() / bits;
        }

        @Override
        public Shape shape() {
            return words.shape().with(axis, words.shape().dim(axis) * each());
        }
    }

    /**
     * Small floats of four bits, two in each byte of a matrix, along its rows.
     *
     * @param highFirst whether the first of the two is in the higher bits
     */
    record Nibbles(Stored bytes, FourBits numbers, boolean highFirst) implements Weight {

        public Nibbles {
            if (bytes.dtype() != DType.U8 || bytes.shape().rank() != 2) {
                throw new IllegalArgumentException(bytes + " holds no bytes");
            }
        }

        @Override
        public Shape shape() {
            return bytes.shape().with(1, 2 * bytes.shape().dim(1));
        }
    }

    /**
     * Scales that are stored as codes of one byte: {@code numbers[code] * outer[place / each] + offset}, computed in float32,
     * where places are counted over all rows.
     *
     * @param numbers what each code stands for
     * @param outer a vector of what {@code each} scales in a row share
     */
    record NestedScales(Stored codes, Stored numbers, Stored outer, long each, float offset) implements Weight {

        @Override
        public Shape shape() {
            return codes.shape();
        }
    }

    /**
     * {@code (codes - zeros) * scales}, where a rectangle of codes shares a zero and a scale, rounded to a type.
     *
     * @param zeros 0 if empty; else of the shape of the scales
     * @param scales a matrix with an element for each rectangle
     * @param height rows of a rectangle, the last of which may be cut off
     * @param width its columns, likewise
     * @param groups a number for each row of codes, in whose row of the scales its scale is, in place of a height
     * @param type that the library computes in
     */
    record Dequantized(
            Weight codes,
            Optional<Weight> zeros,
            Weight scales,
            long height,
            long width,
            Optional<Stored> groups,
            DType type)
            implements Weight {

        /** Rounded to the type of the scales. */
        public Dequantized(
                Weight codes, Optional<Weight> zeros, Stored scales, long height, long width, Optional<Stored> groups) {
            this(codes, zeros, scales, height, width, groups, scales.dtype());
        }

        @Override
        public Shape shape() {
            return codes.shape();
        }
    }

    /** One number everywhere. */
    record Filled(Shape shape, float value) implements Weight {}

    /** Numbers made row by row when they are asked for. */
    record Computed(Shape shape, Rows rows) implements Weight {}

    /** Makes the rows of a {@link Computed} weight. Implementations are values and safe for use by many threads. */
    interface Rows {

        /** What is computed, for messages and dumps. */
        String name();

        /** Writes row {@code row}, which has {@code values.length} elements. */
        void fill(long row, float[] values);
    }
}
