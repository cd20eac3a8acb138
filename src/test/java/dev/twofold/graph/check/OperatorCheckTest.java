package dev.twofold.graph.check;

import static dev.twofold.graph.check.BrokenModel.model;
import static dev.twofold.graph.check.BrokenModel.node;
import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.graph.proto.FunctionProto;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.OperatorSetIdProto;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A node is of an operator in the table, with as many operands as that takes, or calls a function of the model. */
final class OperatorCheckTest {

    @TempDir
    private static Path directory;

    private static SoundModel sound;

    @BeforeAll
    static void convert() throws IOException {
        sound = SoundModel.convert(directory);
    }

    /** A function of the model, named like no operator. */
    private static FunctionProto.Builder local(ModelProto.Builder model) {
        FunctionProto.Builder function = model.addFunctionsBuilder();
        function.setDomain("local").setName("Local").addInput("a").addOutput("b");
        function.addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(21));
        function.addNodeBuilder()
                .setName("inner")
                .setOpType("Relu")
                .addInput("a")
                .addOutput("b");
        return function;
    }

    private static void call(ModelProto.Builder model, String domain) {
        model.addOpsetImport(OperatorSetIdProto.newBuilder().setDomain(domain).setVersion(1));
        model.getGraphBuilder()
                .addNodeBuilder()
                .setName("call")
                .setDomain(domain)
                .setOpType("Local")
                .addInput("input_ids")
                .addOutput("called");
    }

    static Stream<BrokenModel> cases() {
        return Stream.of(
                node("no operator", "has no operator", NodeProto.Builder::clearOpType),
                node(
                        "a domain that is not imported",
                        "the domain 'x', which is not imported",
                        node -> node.setDomain("x")),
                node(
                        "an operator that Twofold does not emit",
                        "is of the operator LeakyRelu, which is not in the table of operators",
                        node -> node.setOpType("LeakyRelu")),
                node(
                        "an operator of another domain",
                        "is of the operator com.microsoft.Relu, which is not in the table",
                        node -> node.setDomain("com.microsoft").setOpType("Relu")),
                node(
                        "too few inputs",
                        "(MatMul) has 0 inputs, not 2",
                        node -> node.setOpType("MatMul").clearInput()),
                node(
                        "too many inputs",
                        "(Relu) has 2 inputs, not 1",
                        node -> node.setOpType("Relu")
                                .clearInput()
                                .addInput("input_ids")
                                .addInput("input_ids")),
                node(
                        "too many outputs",
                        "(MatMul) has 2 outputs, not 1",
                        node -> node.setOpType("MatMul")
                                .clearInput()
                                .addInput("input_ids")
                                .addInput("input_ids")
                                .clearOutput()
                                .addOutput("a")
                                .addOutput("b")),
                model(
                        "an unknown operator in a function",
                        "node inner is of the operator LeakyRelu",
                        model -> local(model).getNodeBuilder(0).setOpType("LeakyRelu")),
                model(
                        "a name of a function in another domain",
                        "is of the operator other.Local, which is not in the table",
                        model -> {
                            local(model);
                            call(model, "other");
                        }));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void finds(BrokenModel broken) {
        sound.requireFound(broken);
    }

    @Test
    void a_function_of_the_model_may_be_called() {
        ModelProto.Builder model = sound.proto().toBuilder();
        local(model);
        call(model, "local");
        assertThat(GraphCheck.problems(model.build(), sound.directory())).isEmpty();
    }

    @Test
    void the_standard_domain_may_go_by_its_long_name() {
        ModelProto.Builder model = sound.proto().toBuilder();
        model.getGraphBuilder().getNodeBuilderList().stream()
                .filter(node -> node.getDomain().isEmpty())
                .forEach(node -> node.setDomain("ai.onnx"));
        assertThat(GraphCheck.problems(model.build(), sound.directory())).isEmpty();
    }
}
