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
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What ONNX Runtime GenAI's model builder and PyTorch write, read and written again, against what ONNX Runtime computes with it. */
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

    /** Written for a CPU in half precision, with attention of many heads; with fewer heads of keys than of queries, and with as many. */
    private static final List<String> OF_MANY_HEADS = List.of("llama3.1", "phi3");

    /** Written with the parts of the builder that write experts. */
    private static final List<String> MIXTURES = List.of(
            "qwen3_moe-moe-fp32", "qwen3_moe-moe-int4", "qwen3_moe-moe-int8", "gpt_oss-moe-fp32", "gpt_oss-moe-int4");

    /** Exported by PyTorch. */
    private static final List<String> EXPORTS = List.of(
            "llama3.1-traced", "llama3.1-fused", "qwen3-exported", "mixtral-exported", "llama2-whole", "cohere-whole");

    /** Whose operators ONNX Runtime has in half precision on a CPU. */
    private static final List<String> IN_HALF = List.of("llama3.1", "phi3-longrope", "qwen2");

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
        OF_MANY_HEADS.forEach(name -> arguments.add(TinyFamilies.checkpoint(name) + ":half"));
        Python python = Python.withBuilder();
        Path tools = Path.of("tools", "genai-builder");
        python.run(tools.resolve("build.py"), arguments.toArray());
        python.run(
                tools.resolve("moe.py"),
                built,
                TinyFamilies.checkpoint("qwen3_moe") + ":fp32,int4,int8",
                TinyFamilies.checkpoint("gpt_oss") + ":fp32,int4");
        python.run(
                tools.resolve("export.py"),
                built,
                TinyFamilies.checkpoint("llama3.1") + ":traced,fused",
                TinyFamilies.checkpoint("qwen3") + ":exported",
                TinyFamilies.checkpoint("mixtral") + ":exported",
                TinyFamilies.checkpoint("llama2") + ":whole",
                TinyFamilies.checkpoint("cohere") + ":whole");
    }

    static Stream<String> exactly() {
        Stream<String> built = FAMILIES.stream().flatMap(name -> Stream.of(name + "-fp32", name + "-int4"));
        return Stream.of(built, MIXTURES.stream(), EXPORTS.stream()).flatMap(models -> models);
    }

    static Stream<String> inHalf() {
        return Stream.concat(
                IN_HALF.stream().map(name -> name + "-fp16"),
                OF_MANY_HEADS.stream().map(name -> name + "-half"));
    }

    static Stream<Arguments> exportedAsTheyAre() {
        Stream<String> built = FAMILIES.stream()
                .filter(name -> !EXPORTED_OTHERWISE.contains(name))
                .map(name -> name + "-fp32");
        return Stream.concat(built, Stream.of("qwen3_moe-moe-fp32", "gpt_oss-moe-fp32", "llama3.1-traced"))
                .map(model ->
                        Arguments.of(model, model.substring(0, model.indexOf('-', model.startsWith("phi3") ? 5 : 0))));
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
    void pairs_and_merges_are_those_of_the_checkpoint(String model, String family) throws IOException {
        StoredTensors golden = golden(model);
        for (List<String> plan : List.of(List.of("--window", "0:2"), List.of("--merge", "1A-1F,2F-3A"))) {
            Object[] options = plan.toArray();
            float[] read = logits(converted(built.resolve(model), options), golden);
            float[] original = logits(converted(TinyFamilies.checkpoint(family), options), golden);
            assertThat(Logits.distance(read, original)).as("%s", plan).isLessThan(TOLERANCE);
        }
    }

    /** Codes that changed would change logits by far more. The builder rounds an embedding only if it is the head's, too. */
    @ParameterizedTest
    @CsvSource({"llama3.1-int4, true", "qwen3-int4, false"})
    void what_the_builder_has_rounded_is_not_rounded_again(String model, boolean ownEmbedding) throws IOException {
        StoredTensors golden = golden(model);
        List<Object> options = new ArrayList<>(List.of("--window", "0:0", "--dtype", "int4", "--accuracy-level", "1"));
        if (ownEmbedding) {
            Path mix = directory.resolve("mix.yaml");
            options.addAll(
                    List.of("--mix", Files.writeString(mix, "places:\n  - {matrices: [embedding], keep: true}\n")));
        }
        Path output = converted(built.resolve(model), options.toArray());
        assertThat(Logits.distance(logits(output, golden), golden.floats("logits")))
                .isLessThan(TOLERANCE);
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
