package dev.twofold.checkpoint;

import dev.twofold.decoder.Linear;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Reads the projections of layers.
 *
 * @param scale what a branch's result is multiplied by
 */
record LinearReader(TensorSource tensors, double scale) {

    Linear linear(String name, long outputs, long inputs, boolean bias) {
        return new Linear(
                tensors.matrix(name, outputs, inputs),
                bias ? Optional.of(tensors.tensor(name + ".bias", outputs)) : Optional.empty());
    }

    /** A tensor by its whole name, which may be stored as one row. */
    Weight vector(String name, long size) {
        return tensors.isMatrix(name) ? tensors.flattened(name, 1, size) : tensors.tensor(name, size);
    }

    /** A number, which may be stored as a vector of one. */
    Weight number(String name) {
        return tensors.number(name);
    }

    boolean has(String name) {
        return tensors.has(name);
    }

    /** Whether there is one of a shape. */
    boolean has(String name, long... dims) {
        return tensors.has(name, Shape.of(dims));
    }

    /**
     * Projections of one tensor {@code [count, outputs, inputs]}.
     *
     * @param transposed whether it is {@code [count, inputs, outputs]}
     * @param bias the name of the biases of all, {@code [count, outputs]}; none if it is empty
     */
    List<Linear> slices(String name, int count, long outputs, long inputs, boolean transposed, String bias) {
        List<Weight> matrices = transposed
                ? tensors.transposedMatrices(name, count, outputs, inputs)
                : tensors.matrices(name, count, outputs, inputs);
        List<Weight> biases = bias.isEmpty() ? List.of() : tensors.vectors(bias, count, outputs);
        return IntStream.range(0, count)
                .mapToObj(i ->
                        new Linear(matrices.get(i), biases.isEmpty() ? Optional.empty() : Optional.of(biases.get(i))))
                .toList();
    }

    /** The same of the last projections of a branch. */
    List<Linear> lastSlices(String name, int count, long outputs, long inputs, boolean transposed, String bias) {
        return slices(name, count, outputs, inputs, transposed, bias).stream()
                .map(this::scaled)
                .toList();
    }

    /** The last projection of a branch, with the scale of its result, which is linear in it. */
    Linear last(String name, long outputs, long inputs, boolean bias) {
        return scaled(linear(name, outputs, inputs, bias));
    }

    private Linear scaled(Linear last) {
        return new Linear(Weights.times(last.weight(), scale), last.bias().map(values -> Weights.times(values, scale)));
    }
}
