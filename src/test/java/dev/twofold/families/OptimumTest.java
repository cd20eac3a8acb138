package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.testing.Logits;
import dev.twofold.testing.Python;
import dev.twofold.testing.StoredTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Optimum exports, and what ONNX Runtime's tools make of it, read and written again, against what ONNX Runtime computes with it. */
@Tag("python")
final class OptimumTest {

    @TempDir
    private static Path exported;

    @TempDir
    private Path directory;

    @BeforeAll
    static void export() {
        Python.withOptimum()
                .run(
                        Path.of("tools", "optimum", "export.py"),
                        exported,
                        TinyFamilies.checkpoint("qwen2") + ":fp32,q4,q4a,fp16",
                        TinyFamilies.checkpoint("gpt2") + ":fp32",
                        TinyFamilies.checkpoint("cohere") + ":fp32",
                        TinyFamilies.checkpoint("gpt_neox") + ":fp32",
                        TinyFamilies.checkpoint("falcon") + ":fp32",
                        TinyFamilies.checkpoint("gpt_bigcode") + ":fp32",
                        TinyFamilies.checkpoint("qwen3_moe") + ":fp32,q4",
                        TinyFamilies.checkpoint("gemma3") + ":fp32",
                        TinyFamilies.checkpoint("phi3") + ":fp32");
    }

    /** @param tolerance of the largest logit, 12 and less; graphs of half precision round what they compute */
    @ParameterizedTest
    @CsvSource({
        "qwen2-optimum-fp32, 1e-5",
        "qwen2-optimum-q4, 1e-5",
        "qwen2-optimum-q4a, 1e-5",
        "qwen2-optimum-fp16, 3e-2",
        "gpt2-optimum-fp32, 1e-5",
        "cohere-optimum-fp32, 1e-5",
        "gpt_neox-optimum-fp32, 1e-5",
        "falcon-optimum-fp32, 1e-5",
        "gpt_bigcode-optimum-fp32, 1e-5",
        "qwen3_moe-optimum-fp32, 1e-5",
        "qwen3_moe-optimum-q4, 1e-5",
        "gemma3-optimum-fp32, 1e-5",
        "phi3-optimum-fp32, 1e-5"
    })
    void logits_are_those_of_the_file_that_was_read(String model, double tolerance) throws IOException {
        StoredTensors golden = StoredTensors.of(Files.readAllBytes(exported.resolve(model + ".safetensors")));
        float[] expected = golden.floats("logits");
        Path output = directory.resolve("output");
        CommandRun.succeeding(
                "convert", exported.resolve(model), "-o", output, "--window", "0:0", "--no-load", "--quiet");
        double largest = 0;
        for (float logit : expected) {
            largest = Math.max(largest, Math.abs(logit));
        }
        assertThat(Logits.distance(Logits.of(output, golden.ids("tokens")), expected) / largest)
                .isLessThan(tolerance);
    }
}
