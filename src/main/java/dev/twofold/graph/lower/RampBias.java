package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;
import static dev.twofold.graph.Attributes.integers;

import dev.twofold.graph.GraphBuilder;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.tensor.DType;
import dev.twofold.weight.Weight;
import java.util.List;

/**
 * What heads add to scores by positions, {@code ramp[key] - ramp[query]}. Ramps are float32 in models of any type: far into a text, 16
 * bits would not tell neighbours apart, and their difference, which they hold, is what counts.
 */
record RampBias(GraphBuilder graph) {

    /**
     * Of the heads of {@code ramps}, in the model's type.
     *
     * @param queries positions of queries, {@code [batch, sequence]}
     * @param keys positions of keys, {@code [batch or 1, total]}
     * @return {@code [batch, heads, sequence, total]}
     */
    String bias(String name, Weight ramps, String queries, String keys) {
        String table = graph.weight(
                "ramps", ramps, DType.F32, DataType.FLOAT, ramps.shape().dims());
        String ofKeys = byHead(name + "/keys", table, keys, 2);
        String ofQueries = byHead(name + "/queries", table, queries, 3);
        String difference = graph.node(name, "Sub", List.of(ofKeys, ofQueries));
        return graph.precision() == DType.F32
                ? difference
                : graph.node(
                        name + "/rounded",
                        "Cast",
                        List.of(difference),
                        integer("to", graph.floating().getNumber()));
    }

    /** {@code [batch, heads, positions]}, with an axis of one more. */
    private String byHead(String name, String table, String positions, int axis) {
        String taken = graph.node(name + "/ramps", "Gather", List.of(table, positions), integer("axis", 1));
        String turned = graph.node(name + "/by_row", "Transpose", List.of(taken), integers("perm", 1, 0, 2));
        return graph.node(name + "/each", "Unsqueeze", List.of(turned, graph.integers(axis)));
    }
}
