package dev.twofold.graph.check;

import com.google.protobuf.UnknownFieldSet;
import dev.twofold.graph.proto.GraphProto;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.NodeProto;
import java.util.function.Consumer;

/**
 * A sound model that is broken in one way.
 *
 * @param problem part of what the check says of it
 */
record BrokenModel(String how, String problem, Consumer<ModelProto.Builder> change) {

    static BrokenModel model(String how, String problem, Consumer<ModelProto.Builder> change) {
        return new BrokenModel(how, problem, change);
    }

    static BrokenModel graph(String how, String problem, Consumer<GraphProto.Builder> change) {
        return model(how, problem, model -> change.accept(model.getGraphBuilder()));
    }

    static BrokenModel node(String how, String problem, Consumer<NodeProto.Builder> change) {
        return graph(how, problem, graph -> change.accept(graph.getNodeBuilder(5)));
    }

    /** A field that no message of ONNX has. */
    static UnknownFieldSet unknown() {
        return UnknownFieldSet.newBuilder()
                .addField(15, UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                .build();
    }

    @Override
    public String toString() {
        return how + ": " + problem;
    }
}
