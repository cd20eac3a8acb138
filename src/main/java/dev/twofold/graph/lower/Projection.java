package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;

import dev.twofold.decoder.Linear;
import dev.twofold.graph.GraphBuilder;
import dev.twofold.weight.RoundedForm;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.List;
import java.util.stream.IntStream;

/** A {@link Linear} as a product and, with a bias, Add; several of one value as one that is split. */
final class Projection {

    private Projection() {}

    /**
     * Several projections of one value, packed into one. Where an engine is to cut them they stay apart, for an even cut
     * of what is packed would not cut each of them.
     *
     * @param names of each, in the graph
     * @param apart whether an engine is to cut them
     */
    static List<String> apply(
            GraphBuilder graph, String name, String x, List<String> names, List<Linear> parts, boolean apart) {
        if (apart) {
            return IntStream.range(0, parts.size())
                    .mapToObj(i -> apply(graph, name + "/" + names.get(i), x, parts.get(i)))
                    .toList();
        }
        String all = apply(graph, name + "/" + String.join("_", names), x, Linear.stack(parts));
        long[] sizes = parts.stream().mapToLong(Linear::outputs).toArray();
        return graph.node(
                name + "/split", "", "Split", List.of(all, graph.integers(sizes)), sizes.length, integer("axis", -1));
    }

    static String apply(GraphBuilder graph, String name, String x, Linear linear) {
        String unique = graph.unique(name);
        String product = unique + "/out";
        product(graph, name, unique, x, linear.weight(), product);
        return linear.bias()
                .map(bias -> graph.node(name + "/bias", "Add", List.of(product, graph.weight(name + ".bias", bias))))
                .orElse(product);
    }

    /**
     * The product with a matrix {@code [out, in]}, however that is stored.
     *
     * @param name that those of its initializers start with
     * @param node name of the node, unique in the graph
     * @param result what to name the product
     */
    static void product(GraphBuilder graph, String name, String node, String x, Weight matrix, String result) {
        if (RoundedForm.isRounded(matrix)) {
            new BlockProduct(graph, name).apply(node, x, matrix, result);
            return;
        }
        String weight = graph.weight(name + ".weight", Weights.transpose(matrix));
        graph.add(node, "", "MatMul", List.of(x, weight), List.of(result));
    }
}
