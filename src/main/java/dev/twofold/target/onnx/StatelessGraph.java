package dev.twofold.target.onnx;

import dev.twofold.execution.GraphNames;
import dev.twofold.graph.Graph;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.ValueInfoProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A graph without its KV caches, which computes all tokens anew. Triton gives the inputs of one rank to all of them and
 * returns the outputs of one, so the caches of the others, which differ, could not come back to them.
 */
final class StatelessGraph {

    private StatelessGraph() {}

    /** @param graph that joins caches to keys and values by a Concat of its own */
    static Graph of(Graph graph) {
        Map<String, String> joined = new HashMap<>();
        List<NodeProto> nodes = new ArrayList<>();
        for (NodeProto node : graph.nodes()) {
            if (node.getOpType().equals("Concat") && node.getInput(0).startsWith(GraphNames.PAST)) {
                joined.put(node.getOutput(0), node.getInput(1));
            } else {
                NodeProto.Builder kept = node.toBuilder();
                for (int i = 0; i < kept.getInputCount(); i++) {
                    kept.setInput(i, joined.getOrDefault(kept.getInput(i), kept.getInput(i)));
                }
                nodes.add(kept.build());
            }
        }
        return new Graph(
                nodes,
                graph.constants(),
                graph.weights(),
                without(graph.inputs(), GraphNames.PAST),
                without(graph.outputs(), GraphNames.PRESENT),
                graph.opsets(),
                graph.irVersion(),
                graph.configurations());
    }

    private static List<ValueInfoProto> without(List<ValueInfoProto> values, String prefix) {
        return values.stream()
                .filter(value -> !value.getName().startsWith(prefix))
                .toList();
    }
}
