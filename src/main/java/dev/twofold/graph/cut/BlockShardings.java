package dev.twofold.graph.cut;

import dev.twofold.diag.TwofoldException;
import dev.twofold.graph.Graph.NamedWeight;
import dev.twofold.weight.RoundedForm;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.BlockTensor;
import dev.twofold.weight.Weight.Rounded;
import dev.twofold.weight.Weight.Transposed;
import dev.twofold.weight.Weights;
import java.util.Map;
import java.util.Optional;

/** Where the tensors go that a matrix in blocks is stored as: wherever its elements go, which may be parted between blocks only. */
final class BlockShardings {

    private BlockShardings() {}

    /** The expression that a weight is known by, which of a rounded one is the rounded matrix itself. */
    static Weight key(Weight weight) {
        if (weight instanceof Transposed transposed) {
            return Weights.transpose(key(transposed.source()));
        }
        return RoundedForm.of(weight).map(Weight.class::cast).orElse(weight);
    }

    /**
     * The sharding of an initializer.
     *
     * @param known of every weight by its {@link #key}
     * @return nothing if nothing is known of it
     * @throws TwofoldException of kind USAGE if it would be cut inside of a block
     */
    static Optional<TensorSharding> of(NamedWeight weight, Map<Weight, TensorSharding> known) {
        boolean standard = weight.weight() instanceof Transposed;
        Weight stored = weight.weight() instanceof Transposed transposed ? transposed.source() : weight.weight();
        if (!(stored instanceof BlockTensor tensor)) {
            return Optional.ofNullable(known.get(weight.weight()));
        }
        Rounded matrix = tensor.matrix();
        TensorSharding table = known.get(matrix);
        if (table != null) {
            return Optional.of(along(weight, matrix, table, 0, standard));
        }
        return Optional.ofNullable(known.get(Weights.transpose(matrix)))
                .map(product -> along(weight, matrix, product, 1, standard));
    }

    /**
     * @param rows the axis of the matrix as it is known along which its rows are
     * @param standard whether its tensors have blocks before rows
     */
    private static TensorSharding along(
            NamedWeight weight, Rounded matrix, TensorSharding known, int rows, boolean standard) {
        if (!known.isCut()) {
            return known;
        }
        TensorSharding.Cut cut = known.cut().orElseThrow();
        boolean byRows = cut.axis() == rows;
        int axis = byRows == standard ? 1 : 0;
        long extent = weight.dims().get(axis);
        long pieces = cut.layers() * (long) known.holders().size();
        boolean apart = byRows || matrix.blocks().isEdge(cut.extent() / pieces) && extent % pieces == 0;
        if (!apart) {
            throw TwofoldException.usage("blocks do not end where their matrix does")
                    .at(weight.name())
                    .found(cut.extent() + " inputs in " + pieces + " parts, blocks of "
                            + matrix.blocks().size())
                    .hint("a smaller --block, or another number of devices");
        }
        return known.moved(axis, weight.dims().size(), extent);
    }
}
