package dev.twofold.graph.cut;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.twofold.cli.CommandRun;
import dev.twofold.diag.TwofoldException;
import dev.twofold.diag.TwofoldException.Kind;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A rank is cut at its collectives only if it is as it was written. */
final class SegmentedModelTest {

    @TempDir
    private Path directory;

    @Test
    void a_model_with_operators_of_someone_else_is_refused() throws IOException {
        Path checkpoint = TinyLlama.create().write(directory.resolve("checkpoint"));
        Path output = directory.resolve("output");
        CommandRun.succeeding("convert", checkpoint, "-o", output, "--window", "0:0", "--devices", "2", "--quiet");
        Path rank = output.resolve("rank-0");
        Path file = rank.resolve("model.onnx");
        ModelProto.Builder model = ModelProto.parseFrom(Files.readAllBytes(file)).toBuilder();
        int last = model.getGraph().getNodeCount() - 1;
        model.getGraphBuilder().getNodeBuilder(last).setDomain("").setOpType("QLinearMatMul");
        Files.write(file, model.build().toByteArray());
        TwofoldException refused = catchThrowableOfType(TwofoldException.class, () -> SegmentedModel.read(rank, false));
        assertThat(refused)
                .hasMessageContaining(file + ": not a model that Twofold wrote")
                .hasMessageContaining("node head is of the operator QLinearMatMul");
        assertThat(refused.kind()).isEqualTo(Kind.INPUT);
    }
}
