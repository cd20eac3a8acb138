package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;
import static dev.twofold.graph.operator.OperatorName.MICROSOFT;

import dev.twofold.diag.TwofoldException;
import dev.twofold.graph.GraphBuilder;
import dev.twofold.weight.RoundedForm;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Rounded;
import dev.twofold.weight.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A product with a matrix {@code [out, in]} that is stored in blocks; rows of different blocks are products of their own, side by
 * side.
 *
 * <pre>
 * fused      y = MatMulNBits(x, codes, scales[, zeros])
 * standard   y = MatMul(x, DequantizeLinear(codes, scales[, zeros]))
 * </pre>
 *
 * @param name that those of its initializers start with
 */
record BlockProduct(GraphBuilder graph, String name) {

    /**
     * @param node name of the node, unique in the graph
     * @param result what to name the product
     */
    void apply(String node, String x, Weight weight, String result) {
        List<Rounded> parts = parts(name, weight);
        if (parts.size() == 1) {
            product(node, x, parts.get(0), result);
            return;
        }
        List<String> products = new ArrayList<>();
        for (Rounded part : parts) {
            String own = graph.unique(node + "/part");
            new BlockProduct(graph, own).product(own, x, part, own + "/out");
            products.add(own + "/out");
        }
        graph.add(node, "", "Concat", products, List.of(result), integer("axis", -1));
    }

    /** @throws TwofoldException of kind USAGE if it is cut, or joined to others, inside of a block */
    static List<Rounded> parts(String name, Weight weight) {
        return RoundedForm.rows(weight)
                .orElseThrow(() -> TwofoldException.usage("blocks do not end where their matrix does")
                        .at(name)
                        .found(weight.shape() + ", " + Weights.describe(weight))
                        .hint("a smaller --block, another number of devices, or a --mix that keeps this matrix"));
    }

    private void product(String node, String x, Rounded matrix, String result) {
        BlockTensors tensors = new BlockTensors(graph, name, matrix);
        if (!graph.blocks().fused()) {
            String numbers = graph.node(
                    node + "/numbers",
                    "DequantizeLinear",
                    Stream.concat(
                                    Stream.of(tensors.standardCodes(), tensors.standardScales()),
                                    tensors.standardZeros().stream())
                            .toList(),
                    integer("axis", 0),
                    integer("block_size", matrix.blocks().size()));
            graph.add(node, "", "MatMul", List.of(x, numbers), List.of(result));
            return;
        }
        graph.add(
                node,
                MICROSOFT,
                "MatMulNBits",
                Stream.concat(Stream.of(x, tensors.packedCodes(), tensors.scales()), tensors.packedZeros().stream())
                        .toList(),
                List.of(result),
                integer("K", tensors.columns()),
                integer("N", tensors.rows()),
                integer("accuracy_level", graph.blocks().accuracyLevel()),
                integer("bits", matrix.blocks().bits()),
                integer("block_size", matrix.blocks().size()));
    }
}
