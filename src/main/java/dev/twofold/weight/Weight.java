package dev.twofold.weight;

import dev.twofold.tensor.DType;
import dev.twofold.tensor.IntegerBlocks;
import dev.twofold.tensor.Shape;
import java.nio.file.Path;
import java.util.List;

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

    /** A tensor of a file: row-major, little-endian, starting {@code offset} bytes into it. */
    record Stored(Path file, String name, long offset, DType dtype, Shape shape) implements Tensor {}

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
