package dev.twofold.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.twofold.cli.CommandRun;
import dev.twofold.testing.Logits;
import dev.twofold.testing.TinyLlama;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The graph of a rank in the ONNX Runtime of Maven Central, which has no operators for devices to meet. */
final class StockRuntimeTest {

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({"ort, com.microsoft:AllReduce(-1) is not a registered function/op", "tensorrt, DistCollective"})
    void it_refuses_a_rank_that_our_commands_run(String collective, String message) throws Exception {
        Path checkpoint = TinyLlama.create().write(directory.resolve("checkpoint"));
        Path output = directory.resolve("output");
        CommandRun.succeeding(
                "convert",
                checkpoint,
                "-o",
                output,
                "--quiet",
                "--window",
                "0:0",
                "--devices",
                "2",
                "--collective",
                collective);
        String rank = output.resolve("rank-0").resolve("model.onnx").toString();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            assertThatThrownBy(() -> Runtimes.environment().createSession(rank, options))
                    .isInstanceOf(OrtException.class)
                    .hasMessageContaining(message);
        }
        assertThat(Logits.of(output, new long[][] {{1, 2, 3}})).hasSize(3 * TinyLlama.VOCABULARY);
    }
}
