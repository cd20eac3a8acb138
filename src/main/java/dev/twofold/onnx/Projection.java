package dev.twofold.onnx;

import dev.twofold.decoder.Linear;
import dev.twofold.weight.Weights;
import java.util.List;

/** A {@link Linear} as MatMul and, with a bias, Add. */
final class Projection {

    private Projection() {}

    static String apply(GraphBuilder graph, String name, String x, Linear linear) {
        String weight = graph.weight(name + ".weight", Weights.transpose(linear.weight()));
        String product = graph.node(name, "MatMul", List.of(x, weight));
        return linear.bias()
                .map(bias -> graph.node(name + "/bias", "Add", List.of(product, graph.weight(name + ".bias", bias))))
                .orElse(product);
    }
}
