package dev.twofold.graph;

import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.GraphProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.TensorProto.DataType;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The element type of every value of a graph that Twofold emitted, by ONNX's type numbers. */
public final class ValueTypes {

    private static final Set<String> TRUTHS =
            Set.of("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or", "Not");

    private final Map<String, Integer> types = new HashMap<>();

    public ValueTypes(GraphProto graph) {
        graph.getInputList()
                .forEach(input -> types.put(
                        input.getName(), input.getType().getTensorType().getElemType()));
        graph.getInitializerList().forEach(tensor -> types.put(tensor.getName(), tensor.getDataType()));
        graph.getNodeList().forEach(this::infer);
    }

    /** Most operators pass on the type of what they compute with: their first operand, or the branches of a Where. */
    private void infer(NodeProto node) {
        int type;
        if (node.getOpType().equals("Cast")) {
            type = (int) node.getAttributeList().stream()
                    .filter(attribute -> attribute.getName().equals("to"))
                    .mapToLong(AttributeProto::getI)
                    .findFirst()
                    .orElseThrow();
        } else if (node.getOpType().equals("Shape")) {
            type = DataType.INT64_VALUE;
        } else if (TRUTHS.contains(node.getOpType())) {
            type = DataType.BOOL_VALUE;
        } else {
            type = of(node.getInput(node.getOpType().equals("Where") ? 1 : 0));
        }
        node.getOutputList().stream().filter(name -> !name.isEmpty()).forEach(name -> types.put(name, type));
        if (node.getOpType().equals("TopK")) {
            types.put(node.getOutput(1), DataType.INT64_VALUE);
        }
    }

    public int of(String value) {
        Integer type = types.get(value);
        if (type == null) {
            throw new IllegalStateException("the type of " + value + " is not known");
        }
        return type;
    }
}
