package dev.twofold.graph;

import dev.twofold.graph.operator.OperatorRow;
import dev.twofold.graph.operator.OperatorTable;
import dev.twofold.graph.proto.GraphProto;
import dev.twofold.graph.proto.NodeProto;
import java.util.HashMap;
import java.util.Map;

/** The element type of every value of a graph that Twofold emitted, by ONNX's type numbers. */
public final class ValueTypes {

    private final Map<String, Integer> types = new HashMap<>();

    public ValueTypes(GraphProto graph) {
        graph.getInputList()
                .forEach(input -> types.put(
                        input.getName(), input.getType().getTensorType().getElemType()));
        graph.getInitializerList().forEach(tensor -> types.put(tensor.getName(), tensor.getDataType()));
        graph.getNodeList().forEach(this::infer);
    }

    private void infer(NodeProto node) {
        OperatorRow row = OperatorTable.of(node);
        for (int i = 0; i < node.getOutputCount(); i++) {
            if (!node.getOutput(i).isEmpty()) {
                types.put(node.getOutput(i), row.type(i).of(node, this::of));
            }
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
