package dev.twofold.weight;

import dev.twofold.tensor.Shape;
import java.util.List;
import java.util.Optional;

/** Which scale and which zero each block of a {@link Weight.Rounded} matrix has. */
public sealed interface Grid {

    /**
     * Follows from the range of the block's own numbers, as in ONNX Runtime GenAI's model builder: the largest magnitude is the
     * lowest code of a symmetric block; between the least and the greatest, zero among them, are all codes of another.
     */
    record Range() implements Grid {

        @Override
        public Grid slice(int axis, long begin, long end, int size) {
            return this;
        }

        @Override
        public Optional<Grid> stacked(int axis, List<Grid> all) {
            return all.stream().allMatch(this::equals) ? Optional.of(this) : Optional.empty();
        }
    }

    /**
     * Decided beforehand.
     *
     * @param scales {@code [rows, blocks]}
     * @param zeros likewise
     */
    record Given(Weight scales, Weight zeros) implements Grid {

        public Given {
            if (!scales.shape().equals(zeros.shape())) {
                throw new IllegalArgumentException("scales " + scales.shape() + " and zeros " + zeros.shape());
            }
        }

        @Override
        public Grid slice(int axis, long begin, long end, int size) {
            long first = axis == 0 ? begin : begin / size;
            long last = axis == 0 ? end : (end + size - 1) / size;
            return new Given(Weights.slice(scales, axis, first, last), Weights.slice(zeros, axis, first, last));
        }

        @Override
        public Optional<Grid> stacked(int axis, List<Grid> all) {
            if (!all.stream().allMatch(Given.class::isInstance)) {
                return Optional.empty();
            }
            List<Given> parts = all.stream().map(Given.class::cast).toList();
            return Optional.of(new Given(
                    Weights.stack(axis, parts.stream().map(Given::scales).toList()),
                    Weights.stack(axis, parts.stream().map(Given::zeros).toList())));
        }
    }

    /** From the range of each block. */
    Grid RANGE = new Range();

    /**
     * Of a part of the matrix.
     *
     * @param begin of its rows or columns, by the axis
     * @param size elements of a block
     */
    Grid slice(int axis, long begin, long end, int size);

    /**
     * Of matrices laid one after the other along an axis.
     *
     * @param all of each, this one first
     * @return nothing if they have none in common
     */
    Optional<Grid> stacked(int axis, List<Grid> all);

    /** Requires that it fits a matrix of such blocks. */
    default void require(Shape blocks) {
        if (this instanceof Given given && !given.scales().shape().equals(blocks)) {
            throw new IllegalArgumentException("scales " + given.scales().shape() + " for blocks " + blocks);
        }
    }
}
