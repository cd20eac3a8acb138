package dev.twofold.passes.quantize;

import java.util.List;

/**
 * What it costs to round matrices that are read together, and nothing else.
 *
 * @param matrices of one kind of operator
 * @param layers that they stand for; none for the head
 * @param loss divergence from the model with nothing rounded, in nats a token
 * @param elements numbers in them
 */
public record BitCost(List<MatrixName> matrices, List<Integer> layers, double loss, long elements) {

    public BitCost {
        matrices = List.copyOf(matrices);
        layers = List.copyOf(layers);
    }
}
