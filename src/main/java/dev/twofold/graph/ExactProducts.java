package dev.twofold.graph;

import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.NodeProto;

/**
 * A model whose products with weights in blocks are summed in fp32, whatever accuracy it asks for: what it computes with is then
 * all that its logits depend on. Weights stay where they are.
 */
public final class ExactProducts {

    private static final String LEVEL = "accuracy_level";

    private ExactProducts() {}

    public static ModelProto of(ModelProto model) {
        ModelProto.Builder exact = model.toBuilder();
        exact.getGraphBuilder().getNodeBuilderList().forEach(ExactProducts::sumInFloat);
        return exact.build();
    }

    private static void sumInFloat(NodeProto.Builder node) {
        node.getAttributeBuilderList().stream()
                .filter(attribute -> attribute.getName().equals(LEVEL))
                .forEach(attribute -> attribute.setI(AccuracyLevel.FP32.number()));
    }
}
