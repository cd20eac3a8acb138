package dev.twofold.passes.quantize;

import dev.twofold.tensor.IntegerBlocks;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Matrices that are rounded in another way than the rest.
 *
 * @param matrices of which kinds
 * @param layers of which layers; of all if not given, and then the embedding and the head can be among them
 * @param bits of an element; as the rest if not given
 * @param block elements of a block, likewise
 * @param symmetric whether zero is in the middle of every block, likewise
 * @param keep whether they are not rounded at all
 */
public record Place(
        List<MatrixName> matrices,
        @Nullable LayerChoice layers,
        @Nullable Integer bits,
        @Nullable Integer block,
        @Nullable Boolean symmetric,
        @Nullable Boolean keep) {

    public Place {
        if (matrices == null || matrices.isEmpty()) {
            throw new IllegalArgumentException("a place should name matrices, such as [v, down]");
        }
        matrices = List.copyOf(matrices);
    }

    /** Whether a matrix of these layers of a model is meant; one of no layer is where all layers are. */
    boolean holds(MatrixName name, List<Integer> of, int all) {
        return matrices.contains(name)
                && (layers == null || of.stream().anyMatch(layer -> layers.contains(layer, all)));
    }

    /** The same matrices in other blocks; those of all others if none are given. */
    public Place withBlock(@Nullable Integer other) {
        return new Place(matrices, layers, bits, other, symmetric, keep);
    }

    boolean keeps() {
        return Boolean.TRUE.equals(keep);
    }

    /** The blocks of its matrices. */
    IntegerBlocks over(IntegerBlocks rest) {
        return new IntegerBlocks(
                bits == null ? rest.bits() : bits,
                block == null ? rest.size() : block,
                symmetric == null ? rest.symmetric() : symmetric,
                rest.scales());
    }
}
