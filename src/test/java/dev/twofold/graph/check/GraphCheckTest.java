package dev.twofold.graph.check;

import static dev.twofold.graph.check.BrokenModel.graph;
import static dev.twofold.graph.check.BrokenModel.model;
import static dev.twofold.graph.check.BrokenModel.unknown;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.twofold.graph.proto.GraphProto;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.ValueInfoProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every check of a model and its graph as a whole fires on one that is broken in one way, and on no sound one. */
final class GraphCheckTest {

    @TempDir
    private static Path directory;

    private static SoundModel sound;

    @BeforeAll
    static void convert() throws IOException {
        sound = SoundModel.convert(directory);
    }

    @Test
    void what_convert_writes_is_sound() {
        assertThat(GraphCheck.problems(sound.directory().resolve("model.onnx"))).isEmpty();
        GraphCheck.require(sound.directory());
    }

    @Test
    void a_malformed_graph_is_a_bug_of_ours() throws IOException {
        Path broken = Files.createDirectory(directory.resolve("broken"));
        Files.write(
                broken.resolve("model.onnx"),
                sound.proto().toBuilder().setIrVersion(99).build().toByteArray());
        Files.createFile(broken.resolve("model.onnx.data"));
        assertThatThrownBy(() -> GraphCheck.require(broken))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("IR version 99");
    }

    static Stream<BrokenModel> cases() {
        return Stream.of(
                model("an IR that is too old", "IR version 2", model -> model.setIrVersion(2)),
                model("an IR that is too new", "IR version 14", model -> model.setIrVersion(14)),
                model("no operator sets", "imports no operator set", ModelProto.Builder::clearOpsetImport),
                model(
                        "a domain twice",
                        "imports the domain '' twice",
                        model -> model.addOpsetImportBuilder()
                                .setDomain("ai.onnx")
                                .setVersion(21)),
                model(
                        "a standard opset that is too new",
                        "imports version 27 of the domain ''",
                        model -> model.clearOpsetImport()
                                .addOpsetImportBuilder()
                                .setDomain("")
                                .setVersion(27)),
                model(
                        "a wrong version of com.microsoft",
                        "imports version 2 of the domain 'com.microsoft'",
                        model -> model.clearOpsetImport()
                                .addOpsetImportBuilder()
                                .setDomain("com.microsoft")
                                .setVersion(2)),
                model(
                        "version 0 of a domain",
                        "imports version 0 of the domain 'x'",
                        model -> model.addOpsetImportBuilder().setDomain("x").setVersion(0)),
                model(
                        "an unknown field of the model",
                        "the model has unknown fields [15]",
                        model -> model.setUnknownFields(unknown())),
                graph("no name", "the graph has no name", GraphProto.Builder::clearName),
                graph(
                        "sparse initializers",
                        "the graph has unknown fields [15]",
                        graph -> graph.setUnknownFields(unknown())),
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
                                .addValueInfo(ValueInfoProto.newBuilder().setName("logits"))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void finds(BrokenModel broken) {
        sound.requireFound(broken);
    }
}
