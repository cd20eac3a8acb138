package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;

import dev.twofold.decoder.Linear;
import dev.twofold.graph.GraphBuilder;
import dev.twofold.weight.Weights;
import java.util.List;
import java.util.stream.IntStream;

/** A {@link Linear} as MatMul and, with a bias, Add; several of one value as one that is split. */
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
        String weight = graph.weight(name + ".weight", Weights.transpose(linear.weight()));
        String product = graph.node(name, "MatMul", List.of(x, weight));
        return linear.bias()
                .map(bias -> graph.node(name + "/bias", "Add", List.of(product, graph.weight(name + ".bias", bias))))
                .orElse(product);
    }
}
