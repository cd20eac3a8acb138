package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.testing.Logits;
import dev.twofold.testing.Python;
import dev.twofold.testing.StoredTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What ONNX Runtime GenAI's model builder writes, read and written again, against what ONNX Runtime computes with it. */
@Tag("python")
final class GenAiBuilderTest {

    private static final double TOLERANCE = 1e-4;

    /** Of the largest logit. */
    private static final double HALF_TOLERANCE = 3e-2;

    private static final List<String> FAMILIES = List.of(
            "ernie4_5",
            "gemma",
            "granite",
            "llama3.1",
            "mistral",
            "nemotron",
            "olmo",
            "phi3-longrope",
            "qwen2",
            "qwen3");

    /** Whose operators ONNX Runtime has in half precision on a CPU. */
    private static final List<String> IN_HALF = List.of("llama3.1", "qwen2");

    /**
     * What of these the builder exports is another model than the checkpoint: it rounds Gemma's factor of the embedding, leaves out
     * Mistral's sliding window, and gives OLMo RMS norms and Nemotron another epsilon (onnxruntime-genai 0.18).
     */
    private static final List<String> EXPORTED_OTHERWISE = List.of("gemma", "mistral", "nemotron", "olmo");

    @TempDir
    private static Path built;

    @TempDir
    private Path directory;

    @BeforeAll
    static void build() {
        List<Object> arguments = new ArrayList<>(List.of(built));
        FAMILIES.forEach(name ->
                arguments.add(TinyFamilies.checkpoint(name) + ":fp32,int4" + (IN_HALF.contains(name) ? ",fp16" : "")));
        Python.withBuilder().run(Path.of("tools", "genai-builder", "build.py"), arguments.toArray());
    }

    static Stream<String> exactly() {
        return FAMILIES.stream().flatMap(name -> Stream.of(name + "-fp32", name + "-int4"));
    }

    static Stream<String> inHalf() {
        return IN_HALF.stream().map(name -> name + "-fp16");
    }

    static Stream<String> exportedAsTheyAre() {
        return FAMILIES.stream().filter(name -> !EXPORTED_OTHERWISE.contains(name));
    }

    @ParameterizedTest
    @MethodSource("exactly")
    void logits_are_those_of_the_file_that_was_read(String model) throws IOException {
        StoredTensors golden = golden(model);
        float[] expected = golden.floats("logits");
        assertThat(Logits.distance(logits(converted(built.resolve(model), "--window", "0:0"), golden), expected))
                .isLessThan(TOLERANCE);
    }

    @ParameterizedTest
    @MethodSource("inHalf")
    void logits_in_half_precision_are_near_those_of_the_file_that_was_read(String model) throws IOException {
        StoredTensors golden = golden(model);
        float[] expected = golden.floats("logits");
        double largest = largest(expected);
        assertThat(Logits.distance(logits(converted(built.resolve(model), "--window", "0:0"), golden), expected)
                        / largest)
                .isLessThan(HALF_TOLERANCE);
    }

    @ParameterizedTest
    @MethodSource("exportedAsTheyAre")
    void pairs_and_merges_are_those_of_the_checkpoint(String family) throws IOException {
        StoredTensors golden = golden(family + "-fp32");
        for (List<String> plan : List.of(List.of("--window", "0:2"), List.of("--merge", "1A-1F,2F-3A"))) {
            Object[] options = plan.toArray();
            float[] read = logits(converted(built.resolve(family + "-fp32"), options), golden);
            float[] original = logits(converted(TinyFamilies.checkpoint(family), options), golden);
            assertThat(Logits.distance(read, original)).as("%s", plan).isLessThan(TOLERANCE);
        }
    }

    private static double largest(float[] logits) {
        double largest = 0;
        for (float logit : logits) {
            largest = Math.max(largest, Math.abs(logit));
        }
        return largest;
    }

    private static StoredTensors golden(String model) throws IOException {
        return StoredTensors.of(Files.readAllBytes(built.resolve(model + ".safetensors")));
    }

    private Path converted(Path model, Object... options) {
        Path output = directory.resolve("output");
        List<Object> arguments =
                new ArrayList<>(List.of("convert", model, "-o", output, "--force", "--no-load", "--quiet"));
        arguments.addAll(Arrays.asList(options));
        CommandRun.succeeding(arguments.toArray());
        return output;
    }

    private static float[] logits(Path output, StoredTensors golden) {
        return Logits.of(output, golden.ids("tokens"));
    }
}
