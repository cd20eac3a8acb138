package dev.twofold.graph.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import dev.twofold.cli.CommandRun;
import dev.twofold.graph.Attributes;
import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.AttributeProto.AttributeType;
import dev.twofold.graph.proto.FunctionProto;
import dev.twofold.graph.proto.GraphProto;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.OperatorSetIdProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.graph.proto.ValueInfoProto;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every check fires on a graph that is broken in one way, and on no sound one. */
final class GraphCheckTest {

    @TempDir
    private static Path directory;

    private static Path output;
    private static ModelProto sound;

    @BeforeAll
    static void convert() throws IOException {
        Path checkpoint = TinyLlama.create().write(directory.resolve("checkpoint"));
        output = directory.resolve("output");
        CommandRun.succeeding("convert", checkpoint, "-o", output, "--window", "0:4", "--quiet");
        sound = ModelProto.parseFrom(Files.readAllBytes(output.resolve("model.onnx")));
    }

    @Test
    void what_convert_writes_is_sound() {
        assertThat(GraphCheck.problems(output.resolve("model.onnx"))).isEmpty();
        GraphCheck.require(output);
    }

    @Test
    void a_malformed_graph_is_a_bug_of_ours() throws IOException {
        Path broken = Files.createDirectory(directory.resolve("broken"));
        Files.write(
                broken.resolve("model.onnx"),
                sound.toBuilder().setIrVersion(99).build().toByteArray());
        Files.createFile(broken.resolve("model.onnx.data"));
        assertThatThrownBy(() -> GraphCheck.require(broken))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("IR version 99");
    }

    private static Arguments broken(String how, String problem, Consumer<ModelProto.Builder> change) {
        return Arguments.of(how, problem, change);
    }

    private static Arguments graph(String how, String problem, Consumer<GraphProto.Builder> change) {
        return broken(how, problem, model -> change.accept(model.getGraphBuilder()));
    }

    private static Arguments node(String how, String problem, Consumer<NodeProto.Builder> change) {
        return graph(how, problem, graph -> change.accept(graph.getNodeBuilder(5)));
    }

    /** The last initializer, whose numbers are in the data file. */
    private static Arguments weight(String how, String problem, Consumer<TensorProto.Builder> change) {
        return graph(
                how, problem, graph -> change.accept(graph.getInitializerBuilder(graph.getInitializerCount() - 1)));
    }

    /** An initializer of two numbers in the model. */
    private static Arguments constant(String how, String problem, Consumer<TensorProto.Builder> change) {
        return graph(how, problem, graph -> {
            TensorProto.Builder tensor = graph.addInitializerBuilder();
            tensor.setName("two")
                    .setDataType(DataType.INT64_VALUE)
                    .addDims(2)
                    .addInt64Data(1)
                    .addInt64Data(2);
            change.accept(tensor);
        });
    }

    private static Arguments attribute(String how, String problem, Consumer<AttributeProto.Builder> change) {
        return node(
                how, problem, node -> change.accept(node.addAttributeBuilder().setName("extra")));
    }

    private static Arguments subgraph(String how, String problem, Consumer<GraphProto.Builder> change) {
        return attribute(
                how,
                problem,
                attribute -> change.accept(
                        attribute.setType(AttributeType.GRAPH).getGBuilder().setName("inner")));
    }

    private static Arguments function(String how, String problem, Consumer<FunctionProto.Builder> change) {
        return broken(how, problem, model -> {
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

    private static void external(TensorProto.Builder tensor, String key, String value) {
        tensor.getExternalDataBuilderList().stream()
                .filter(entry -> entry.getKey().equals(key))
                .forEach(entry -> entry.setValue(value));
    }

    private static UnknownFieldSet unknown() {
        return UnknownFieldSet.newBuilder()
                .addField(15, UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                .build();
    }

    static Stream<Arguments> cases() {
        return Stream.of(
                broken("an IR that is too old", "IR version 2", model -> model.setIrVersion(2)),
                broken("an IR that is too new", "IR version 14", model -> model.setIrVersion(14)),
                broken("no operator sets", "imports no operator set", ModelProto.Builder::clearOpsetImport),
                broken(
                        "a domain twice",
                        "imports the domain '' twice",
                        model -> model.addOpsetImportBuilder()
                                .setDomain("ai.onnx")
                                .setVersion(21)),
                broken(
                        "a standard opset that is too new",
                        "imports version 27 of the domain ''",
                        model -> model.clearOpsetImport()
                                .addOpsetImportBuilder()
                                .setDomain("")
                                .setVersion(27)),
                broken(
                        "a wrong version of com.microsoft",
                        "imports version 2 of the domain 'com.microsoft'",
                        model -> model.clearOpsetImport()
                                .addOpsetImportBuilder()
                                .setDomain("com.microsoft")
                                .setVersion(2)),
                broken(
                        "version 0 of a domain",
                        "imports version 0 of the domain 'x'",
                        model -> model.addOpsetImportBuilder().setDomain("x").setVersion(0)),
                broken(
                        "an unknown field of the model",
                        "the model has unknown fields [15]",
                        model -> model.setUnknownFields(unknown())),
                graph("no name", "the graph has no name", GraphProto.Builder::clearName),
                graph(
                        "sparse initializers",
                        "the graph has unknown fields [15]",
                        graph -> graph.setUnknownFields(unknown())),
                graph("nodes in another order", "which is not defined before it", graph -> {
                    NodeProto last = graph.getNode(graph.getNodeCount() - 1);
                    graph.removeNode(graph.getNodeCount() - 1).addNode(0, last);
                }),
                graph("a node twice", "is defined twice", graph -> graph.addNode(graph.getNode(3))),
                graph(
                        "an input without a type",
                        "input input_ids has no tensor type and shape",
                        graph -> graph.getInputBuilder(0).clearType()),
                graph("an input twice", "value input_ids is defined twice", graph -> graph.addInput(graph.getInput(0))),
                graph(
                        "an initializer named as an input",
                        "value input_ids is defined twice",
                        graph -> graph.getInitializerBuilder(0).setName("input_ids")),
                graph(
                        "an initializer without a name",
                        "defines a value without a name",
                        graph -> graph.getInitializerBuilder(0).clearName()),
                graph(
                        "an output that nobody computes",
                        "value nothing of the graph is not defined",
                        graph -> graph.getOutputBuilder(0).setName("nothing")),
                graph("an output twice", "output logits is named twice", graph -> graph.addOutput(graph.getOutput(0))),
                graph(
                        "an output without a type",
                        "output logits has no tensor type",
                        graph -> graph.getOutputBuilder(0).clearType()),
                graph(
                        "a description of nothing",
                        "value ghost of the graph is not defined",
                        graph -> graph.addValueInfo(ValueInfoProto.newBuilder().setName("ghost"))),
                graph(
                        "a description twice",
                        "value logits is described twice",
                        graph -> graph.addValueInfo(ValueInfoProto.newBuilder().setName("logits"))
                                .addValueInfo(ValueInfoProto.newBuilder().setName("logits"))),
                node("no name", "has no name of its own", NodeProto.Builder::clearName),
                node("an unknown field", "has unknown fields", node -> node.setUnknownFields(unknown())),
                graph(
                        "the name of another node",
                        "has no name of its own",
                        graph ->
                                graph.getNodeBuilder(5).setName(graph.getNode(4).getName())),
                node("no operator", "has no operator", NodeProto.Builder::clearOpType),
                node(
                        "a domain that is not imported",
                        "the domain 'x', which is not imported",
                        node -> node.setDomain("x")),
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
                        function -> function.setUnknownFields(unknown())),
                constant(
                        "two data fields",
                        "has its numbers in [INT64S, RAW]",
                        tensor -> tensor.setRawData(ByteString.copyFrom(new byte[16]))),
                constant("no data", "has its numbers in []", TensorProto.Builder::clearInt64Data),
                constant(
                        "another type's field",
                        "has its numbers in [FLOATS]",
                        tensor -> tensor.clearInt64Data().addFloatData(1).addFloatData(2)),
                constant("too many numbers", "has 3 numbers for 2 elements", tensor -> tensor.addInt64Data(3)),
                constant(
                        "too few raw bytes",
                        "has 8 bytes for 2 elements",
                        tensor -> tensor.clearInt64Data().setRawData(ByteString.copyFrom(new byte[8]))),
                constant("a negative dimension", "has a negative dimension", tensor -> tensor.setDims(0, -2)),
                constant("a type that there is not", "is of the type 99", tensor -> tensor.setDataType(99)),
                constant(
                        "a file that is not used",
                        "is inside the model and names a file",
                        tensor -> tensor.addExternalDataBuilder()
                                .setKey("location")
                                .setValue("x")),
                constant(
                        "an unknown field",
                        "initializer two has unknown fields",
                        tensor -> tensor.setUnknownFields(unknown())),
                weight("data in the model too", "in a file and in the model", tensor -> tensor.addFloatData(1)),
                weight(
                        "a length that is not the shape's",
                        "bytes in its file, not",
                        tensor -> external(tensor, "length", "4")),
                weight("an offset past the end", "of a file of", tensor -> external(tensor, "offset", "409600000")),
                weight("a negative offset", "of a file of", tensor -> external(tensor, "offset", "-4096")),
                weight(
                        "an offset that is not a page's",
                        "not the start of a page",
                        tensor -> external(tensor, "offset", "64")),
                weight("another's bytes", "overlaps", tensor -> external(tensor, "offset", "0")),
                weight("no numbers", "does not say in numbers", tensor -> external(tensor, "offset", "zero")),
                weight(
                        "a key twice",
                        "says twice what its length is",
                        tensor ->
                                tensor.addExternalDataBuilder().setKey("length").setValue("4")),
                weight(
                        "a file that is missing",
                        "is not in a file of its directory: 'gone'",
                        tensor -> external(tensor, "location", "gone")),
                weight(
                        "a file elsewhere",
                        "is not in a file of its directory",
                        tensor -> external(tensor, "location", "../checkpoint/model.safetensors")),
                weight("no file", "is not in a file of its directory: ''", tensor -> external(tensor, "location", "")));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("cases")
    void finds(String how, String problem, Consumer<ModelProto.Builder> change) {
        ModelProto.Builder model = sound.toBuilder();
        change.accept(model);
        assertThat(GraphCheck.problems(model.build(), output)).as(how).anyMatch(found -> found.contains(problem));
    }

    @Test
    void a_function_and_a_subgraph_that_are_sound_pass() {
        ModelProto.Builder model = sound.toBuilder();
        FunctionProto.Builder function = model.addFunctionsBuilder();
        function.setName("AllReduce").setDomain("com.microsoft").addInput("a").addOutput("b");
        function.addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(21));
        function.addNode(NodeProto.newBuilder()
                .setName("n")
                .setOpType("LeakyRelu")
                .addInput("a")
                .addOutput("b")
                .addAttribute(AttributeProto.newBuilder()
                        .setName("alpha")
                        .setType(AttributeType.FLOAT)
                        .setRefAttrName("alpha")));
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
        assertThat(GraphCheck.problems(model.build(), output)).isEqualTo(List.of());
    }

    @Test
    void a_link_to_the_data_is_not_the_data() throws IOException {
        Path linked = Files.createDirectory(directory.resolve("linked"));
        Files.createSymbolicLink(linked.resolve("model.onnx.data"), output.resolve("model.onnx.data"));
        assertThat(GraphCheck.problems(sound, linked))
                .isNotEmpty()
                .allMatch(problem -> problem.contains("not in a file"));
    }
}
