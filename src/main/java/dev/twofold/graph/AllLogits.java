package dev.twofold.graph;

import dev.twofold.execution.GraphNames;
import dev.twofold.graph.proto.GraphProto;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.ValueInfoProto;

/**
 * A model that has logits of the last token of each row, with those of all tokens: what it computes before its head is looked at
 * token by token. Weights stay where they are.
 */
public final class AllLogits {

    private AllLogits() {}

    public static ModelProto of(ModelProto model) {
        ModelProto.Builder all = model.toBuilder();
        GraphProto.Builder graph = all.getGraphBuilder();
        for (int i = 0; i < graph.getNodeCount(); i++) {
            if (graph.getNode(i).getName().equals(GraphNames.LAST_TOKEN)) {
                passOn(graph, graph.getNode(i));
                graph.removeNode(i);
                break;
            }
        }
        graph.getOutputBuilderList().stream()
                .filter(output -> output.getName().equals(GraphNames.LOGITS))
                .forEach(AllLogits::anyNumber);
        return all.build();
    }

    private static void passOn(GraphProto.Builder graph, NodeProto taken) {
        for (NodeProto.Builder node : graph.getNodeBuilderList()) {
            for (int i = 0; i < node.getInputCount(); i++) {
                if (node.getInput(i).equals(taken.getOutput(0))) {
                    node.setInput(i, taken.getInput(0));
                }
            }
        }
    }

    private static void anyNumber(ValueInfoProto.Builder logits) {
        logits.getTypeBuilder()
                .getTensorTypeBuilder()
                .getShapeBuilder()
                .getDimBuilder(1)
                .setDimParam("sequence_length");
    }
}
