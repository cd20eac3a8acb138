package dev.twofold.graph;

import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.GraphProto;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.graph.proto.ValueInfoProto;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * A model of 16-bit numbers that computes in fp32: the weights stay as they are on disk and are cast when the model is
 * loaded. ONNX Runtime's CPU provider has no bf16 kernels, and multiplies in fp16 several times slower than in fp32, so
 * this is how such a model runs without a GPU.
 */
public final class WidenedModel {

    private static final Set<Integer> NARROW = Set.of(DataType.BFLOAT16_VALUE, DataType.FLOAT16_VALUE);
    private static final int FP32 = DataType.FLOAT_VALUE;

    private WidenedModel() {}

    /**
     * @param directory holds {@code model.onnx}, whose external data the result still refers to
     * @return the serialized model
     */
    public static byte[] read(Path directory) {
        return of(ModelFile.read(directory)).toByteArray();
    }

    public static ModelProto of(ModelProto model) {
        ModelProto.Builder widened = model.toBuilder();
        widen(widened.getGraphBuilder());
        return widened.build();
    }

    private static void widen(GraphProto.Builder graph) {
        graph.getInputBuilderList().forEach(WidenedModel::widen);
        graph.getOutputBuilderList().forEach(WidenedModel::widen);
        graph.getNodeBuilderList().stream()
                .filter(node -> node.getOpType().equals("Cast"))
                .flatMap(node -> node.getAttributeBuilderList().stream())
                .filter(attribute -> attribute.getName().equals("to") && NARROW.contains((int) attribute.getI()))
                .forEach(attribute -> attribute.setI(FP32));
        int casts = 0;
        for (TensorProto.Builder tensor : graph.getInitializerBuilderList()) {
            if (NARROW.contains(tensor.getDataType())) {
                String name = tensor.getName();
                tensor.setName(name + "/stored");
                graph.addNode(casts++, cast(tensor.getName(), name));
            }
        }
    }

    private static void widen(ValueInfoProto.Builder value) {
        if (NARROW.contains(value.getType().getTensorType().getElemType())) {
            value.getTypeBuilder().getTensorTypeBuilder().setElemType(FP32);
        }
    }

    private static NodeProto cast(String from, String to) {
        AttributeProto type = Attributes.integer("to", FP32);
        return NodeProto.newBuilder()
                .setName(to + "/widen")
                .setOpType("Cast")
                .addAllInput(List.of(from))
                .addAllOutput(List.of(to))
                .addAttribute(type)
                .build();
    }
}
