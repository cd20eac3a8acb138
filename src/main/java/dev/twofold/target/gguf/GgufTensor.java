package dev.twofold.target.gguf;

import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;

/**
 * A tensor of a file.
 *
 * @param shape outermost extent first; of experts three extents, of which the weight has the first two as one
 * @param block that it is in; 0 outside of blocks
 */
record GgufTensor(String name, Shape shape, Weight weight, Use use, int block) {

    static GgufTensor weight(String name, Weight weight, Use use, int block) {
        return new GgufTensor(name + ".weight", weight.shape(), weight, use, block);
    }

    static GgufTensor bias(String name, Weight bias, int block) {
        return new GgufTensor(name + ".bias", bias.shape(), bias, Use.SMALL, block);
    }

    /** The same numbers in other extents. */
    GgufTensor shaped(Shape other) {
        return new GgufTensor(name, other, weight, use, block);
    }

    /** What tensors are for, as far as their type depends on it. */
    enum Use {
        /** Vectors, routers and whatever else stays in float32. */
        SMALL,
        EMBEDDING,
        HEAD,
        KEY,
        VALUE,
        QUERY_KEY_VALUE,
        OUTPUT,
        DOWN,
        /** Any other matrix. */
        MATRIX
    }
}
