package dev.twofold.graph;

import dev.twofold.execution.GraphNames;
import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.GraphProto;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.graph.proto.TensorShapeProto;
import dev.twofold.graph.proto.TypeProto;
import dev.twofold.graph.proto.ValueInfoProto;
import java.util.ArrayList;
import java.util.List;

/**
 * A model whose routers can be told what to choose, and say what they would have chosen, so that it can be compared with another
 * that computes the same but for rounding: where scores are nearly equal, that decides, and other experts compute something else.
 *
 * <pre>
 * before                                  after, for router r
 *   values, indices = TopK(scores)          own     = TopK(scores)
 *                                           indices = Where(given &lt; 0, own, given)       input routing.r.given, int64
 *                                           values  = GatherElements(scores, indices)
 *                                           outputs routing.r.own and routing.r.scores, as float32
 * </pre>
 *
 * <p>Weights stay where they are.
 */
public final class GivenRouting {

    private static final String ROUTER = "/chosen";

    private GivenRouting() {}

    /** How many routers a model has. */
    public static int routers(ModelProto model) {
        return (int) model.getGraph().getNodeList().stream()
                .filter(GivenRouting::chooses)
                .count();
    }

    private static boolean chooses(NodeProto node) {
        return node.getOpType().equals("TopK") && node.getName().endsWith(ROUTER);
    }

    public static ModelProto of(ModelProto model) {
        ModelProto.Builder routed = model.toBuilder();
        GraphProto.Builder graph = routed.getGraphBuilder();
        List<NodeProto> nodes = new ArrayList<>();
        int routers = 0;
        for (NodeProto node : graph.getNodeList()) {
            if (chooses(node)) {
                route(graph, nodes, node, GraphNames.routing(routers++));
            } else {
                nodes.add(node);
            }
        }
        graph.clearNode().addAllNode(nodes);
        return routed.build();
    }

    private static void route(
            GraphProto.Builder graph, List<NodeProto> nodes, NodeProto chosen, GraphNames.Routing names) {
        String own = chosen.getName() + "/own";
        String free = chosen.getName() + "/free";
        String zero = chosen.getName() + "/zero";
        String scores = chosen.getInput(0);
        nodes.add(chosen.toBuilder()
                .setOutput(0, chosen.getName() + "/unread")
                .setOutput(1, own)
                .build());
        nodes.add(node("Sub", List.of(names.given(), names.given()), zero));
        nodes.add(node("Less", List.of(names.given(), zero), free));
        nodes.add(node("Where", List.of(free, own, names.given()), chosen.getOutput(1)));
        nodes.add(node(
                "GatherElements",
                List.of(scores, chosen.getOutput(1)),
                chosen.getOutput(0),
                Attributes.integer("axis", -1)));
        nodes.add(node("Cast", List.of(own), names.own(), Attributes.integer("to", DataType.FLOAT_VALUE)));
        nodes.add(node("Cast", List.of(scores), names.scores(), Attributes.integer("to", DataType.FLOAT_VALUE)));
        graph.addInput(value(names.given(), DataType.INT64_VALUE));
        graph.addOutput(value(names.own(), DataType.FLOAT_VALUE));
        graph.addOutput(value(names.scores(), DataType.FLOAT_VALUE));
    }

    private static NodeProto node(String operator, List<String> inputs, String output, AttributeProto... attributes) {
        return NodeProto.newBuilder()
                .setName(output + "/" + operator)
                .setOpType(operator)
                .addAllInput(inputs)
                .addOutput(output)
                .addAllAttribute(List.of(attributes))
                .build();
    }

    /** {@code [rows, tokens, experts]} of any sizes. */
    private static ValueInfoProto value(String name, int type) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (String dimension : List.of("rows", "tokens", "experts")) {
            shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimParam(name + "." + dimension));
        }
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder()
                        .setTensorType(
                                TypeProto.Tensor.newBuilder().setElemType(type).setShape(shape)))
                .build();
    }
}
