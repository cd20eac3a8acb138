package dev.twofold.graph.check;

import static dev.twofold.graph.check.BrokenModel.graph;
import static dev.twofold.graph.check.BrokenModel.model;
import static dev.twofold.graph.check.BrokenModel.node;
import static dev.twofold.graph.check.BrokenModel.unknown;
import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.graph.Attributes;
import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.AttributeProto.AttributeType;
import dev.twofold.graph.proto.FunctionProto;
import dev.twofold.graph.proto.GraphProto;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.OperatorSetIdProto;
import dev.twofold.graph.proto.TensorProto;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every check of nodes, of their attributes and of what they have inside fires on a model that is broken in one way. */
final class ScopeCheckTest {

    @TempDir
    private static Path directory;

    private static SoundModel sound;

    @BeforeAll
    static void convert() throws IOException {
        sound = SoundModel.convert(directory);
    }

    private static BrokenModel attribute(String how, String problem, Consumer<AttributeProto.Builder> change) {
        return node(
                how, problem, node -> change.accept(node.addAttributeBuilder().setName("extra")));
    }

    private static BrokenModel subgraph(String how, String problem, Consumer<GraphProto.Builder> change) {
        return attribute(
                how,
                problem,
                attribute -> change.accept(
                        attribute.setType(AttributeType.GRAPH).getGBuilder().setName("inner")));
    }

    private static BrokenModel function(String how, String problem, Consumer<FunctionProto.Builder> change) {
        return model(how, problem, model -> {
            FunctionProto.Builder function = model.addFunctionsBuilder();
            function.setName("F").setDomain("local").addInput("a").addOutput("b");
            function.addOpsetImport(
                    OperatorSetIdProto.newBuilder().setDomain("").setVersion(21));
            function.addNode(NodeProto.newBuilder()
                    .setName("n")
                    .setOpType("Identity")
                    .addInput("a")
                    .addOutput("b"));
            change.accept(function);
        });
    }

    static Stream<BrokenModel> cases() {
        return Stream.of(
                graph("nodes in another order", "which is not defined before it", graph -> {
                    NodeProto last = graph.getNode(graph.getNodeCount() - 1);
                    graph.removeNode(graph.getNodeCount() - 1).addNode(0, last);
                }),
                graph("a node twice", "is defined twice", graph -> graph.addNode(graph.getNode(3))),
                graph(
                        "the name of another node",
                        "has no name of its own",
                        graph ->
                                graph.getNodeBuilder(5).setName(graph.getNode(4).getName())),
                node("no name", "has no name of its own", NodeProto.Builder::clearName),
                node("an unknown field", "has unknown fields", node -> node.setUnknownFields(unknown())),
                node(
                        "an input from nowhere",
                        "reads nowhere, which is not defined before it",
                        node -> node.addInput("nowhere")),
                node("no output", "has no output", node -> node.clearOutput().addOutput("")),
                node(
                        "an attribute twice",
                        "has the attribute 'a' twice",
                        node -> node.addAttribute(Attributes.integer("a", 1)).addAttribute(Attributes.integer("a", 1))),
                attribute(
                        "no type", "does not have the one value of its type UNDEFINED", attribute -> attribute.setI(1)),
                attribute(
                        "a value of another type",
                        "does not have the one value of its type FLOAT",
                        attribute -> attribute.setType(AttributeType.FLOAT).setI(1)),
                attribute(
                        "two values",
                        "does not have the one value of its type INT",
                        attribute ->
                                attribute.setType(AttributeType.INT).setI(1).setF(1)),
                attribute(
                        "a list of another type",
                        "does not have the one value of its type INTS",
                        attribute -> attribute.setType(AttributeType.INTS).addFloats(1)),
                attribute(
                        "a reference outside a function",
                        "refers to another outside a function",
                        attribute -> attribute.setRefAttrName("alpha")),
                attribute(
                        "an unknown field",
                        "attribute extra has unknown fields",
                        attribute ->
                                attribute.setType(AttributeType.INT).setI(1).setUnknownFields(unknown())),
                attribute(
                        "a malformed tensor",
                        "attribute extra is of the type 0",
                        attribute -> attribute.setType(AttributeType.TENSOR).setT(TensorProto.getDefaultInstance())),
                subgraph(
                        "a value from nowhere",
                        "reads nowhere, which is not defined",
                        graph -> graph.addNodeBuilder()
                                .setName("n")
                                .setOpType("Identity")
                                .addInput("nowhere")
                                .addOutput("inner")),
                subgraph(
                        "a value of the graph around it",
                        "value input_ids is defined twice",
                        graph -> graph.addInputBuilder().setName("input_ids")),
                subgraph(
                        "an output that nobody computes",
                        "value gone of",
                        graph -> graph.addOutputBuilder().setName("gone")),
                subgraph(
                        "a malformed initializer",
                        "initializer x is of the type 0",
                        graph -> graph.addInitializerBuilder().setName("x")),
                function("no name", "has no name of its own", FunctionProto.Builder::clearName),
                function(
                        "no operator sets",
                        "function local:F imports no operator set",
                        FunctionProto.Builder::clearOpsetImport),
                function(
                        "an output that nobody computes",
                        "value c of function local:F is not defined",
                        function -> function.addOutput("c")),
                function(
                        "a value from nowhere",
                        "reads z, which is not defined",
                        function -> function.getNodeBuilder(0).addInput("z")),
                function(
                        "an unknown field",
                        "function local:F has unknown fields",
                        function -> function.setUnknownFields(unknown())));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void finds(BrokenModel broken) {
        sound.requireFound(broken);
    }

    @Test
    void a_function_and_a_subgraph_that_are_sound_pass() {
        ModelProto.Builder model = sound.proto().toBuilder();
        FunctionProto.Builder function = model.addFunctionsBuilder();
        function.setName("AllReduce").setDomain("com.microsoft").addInput("a").addOutput("b");
        function.addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(21));
        function.addNode(NodeProto.newBuilder()
                .setName("n")
                .setOpType("Gelu")
                .addInput("a")
                .addOutput("b")
                .addAttribute(AttributeProto.newBuilder()
                        .setName("approximate")
                        .setType(AttributeType.STRING)
                        .setRefAttrName("approximate")));
        GraphProto.Builder inner = GraphProto.newBuilder().setName("then");
        inner.addNodeBuilder()
                .setName("n")
                .setOpType("Identity")
                .addInput("input_ids")
                .addOutput("inner");
        inner.addOutputBuilder().setName("inner");
        model.getGraphBuilder()
                .getNodeBuilder(5)
                .addAttributeBuilder()
                .setName("then_branch")
                .setType(AttributeType.GRAPH)
                .setG(inner);
        assertThat(GraphCheck.problems(model.build(), sound.directory())).isEqualTo(List.of());
    }
}
