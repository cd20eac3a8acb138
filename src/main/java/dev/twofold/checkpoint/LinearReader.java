package dev.twofold.checkpoint;

import dev.twofold.decoder.Linear;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.List;
import java.util.Optional;

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

    /** Projections of one tensor {@code [count, outputs, inputs]}. */
    List<Linear> slices(String name, int count, long outputs, long inputs) {
        return tensors.matrices(name, count, outputs, inputs).stream()
                .map(Linear::withoutBias)
                .toList();
    }

    /** The same of the last projections of a branch. */
    List<Linear> lastSlices(String name, int count, long outputs, long inputs) {
        return tensors.matrices(name, count, outputs, inputs).stream()
                .map(matrix -> Linear.withoutBias(Weights.times(matrix, scale)))
                .toList();
    }

    /** The last projection of a branch, with the scale of its result, which is linear in it. */
    Linear last(String name, long outputs, long inputs, boolean bias) {
        Linear last = linear(name, outputs, inputs, bias);
        return new Linear(Weights.times(last.weight(), scale), last.bias().map(values -> Weights.times(values, scale)));
    }
}
