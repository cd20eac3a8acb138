package dev.twofold.stepwise;

import dev.twofold.weight.Weight;

/** The tensors of a checkpoint. */
@FunctionalInterface
public interface Tensors {

    /**
     * A tensor by its name.
     *
     * @throws dev.twofold.diag.TwofoldException of kind INPUT if it has another shape
     */
    Weight tensor(String name, long... shape);
}
