package dev.twofold.target.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.checkpoint.RopeRange;
import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Progress;
import dev.twofold.execution.TrialRuntime;
import dev.twofold.families.TinyFamilies;
import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.layers.LayerWindow;
import dev.twofold.pass.PassContext;
import dev.twofold.pipeline.Compiler;
import dev.twofold.pipeline.Sources;
import dev.twofold.recipe.Recipe;
import dev.twofold.source.Source;
import dev.twofold.source.SourceOptions;
import dev.twofold.target.Target;
import dev.twofold.target.onnx.OnnxOptions;
import dev.twofold.target.onnx.OnnxTarget;
import dev.twofold.testing.Logits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tiny models of every family in stock llama.cpp, against the same models in ONNX Runtime. */
final class LlamaCppFamiliesTest {

    /** Of the logarithm of a probability: llama.cpp rounds to fp16 on its way, and a wrong model is off by 1 and more. */
    private static final double TOLERANCE = 3e-2;

    private static final int TOKENS = 24;

    /** Whose windows llama.cpp does not have, so that texts have to be as short. */
    private static final Set<String> WITHOUT_WINDOWS = Set.of("cwm", "mistral", "phi3", "starcoder2");

    /** Norms of queries and keys of the one, and windows of the other, are looked for in models of 64 layers only. */
    private static final Set<String> TOO_FEW_LAYERS = Set.of("cohere-plus", "exaone4");

    /** Whose heads together have to be as wide as the stream, which they are not. */
    private static final String TOO_WIDE = "nemotron";

    /** Which turn positions by one range or the other, as many positions as llama.cpp is run with. */
    private static final List<String> TWO_RANGES = List.of("phi3-longrope", "phi4-mini");

    /** Whose layers can be pairs in a file. */
    private static final List<String> PAIRED = List.of(
            "cwm",
            "ernie4_5",
            "exaone",
            "granite",
            "granitemoehybrid",
            "helium",
            "internlm2",
            "llama2",
            "llama3.1",
            "llama3.2",
            "minicpm",
            "mistral",
            "phi3",
            "phi3-longrope",
            "qwen2",
            "seed_oss");

    private static final Target GGUF = new GgufTarget(new GgufOptions(MatrixType.FP32, GgufOptions.MODEL));

    private static final Target ONNX = new OnnxTarget(
            new OnnxOptions(DialectName.ONNX, KvLayout.PER_LAYER, CollectiveName.ORT), TrialRuntime.NONE);

    /** Positions of the short range. */
    private static final int ORIGINAL = 256;

    @TempDir
    private Path directory;

    private Path compile(Source source, Target target, String window, String name) {
        Path output = directory.resolve(name);
        new Compiler(source, Recipe.pairing(LayerWindow.valueOf(window)), target).compile(output, false);
        return output;
    }

    /** A family and the window of its pairs. */
    private record Case(String name, String window) {}

    @Test
    void computes_what_onnx_runtime_does() throws IOException, InterruptedException {
        LlamaCpp llama = LlamaCpp.start();
        List<Case> cases = new ArrayList<>();
        GgufRoundTripTest.names().stream()
                .filter(name -> !TOO_FEW_LAYERS.contains(name) && !name.equals(TOO_WIDE) && !TWO_RANGES.contains(name))
                .forEach(name -> cases.add(new Case(name, "0:0")));
        PAIRED.stream().filter(name -> !TWO_RANGES.contains(name)).forEach(name -> cases.add(new Case(name, "1:3")));
        List<double[]> expected = new ArrayList<>();
        for (Case one : cases) {
            Source source = GgufRoundTripTest.original(one.name());
            int[] tokens = tokens(source.decoder(), WITHOUT_WINDOWS.contains(one.name()));
            String name = one.name() + "-" + one.window().replace(':', '-');
            Path file = compile(source, GGUF, one.window(), name).resolve(GgufOptions.MODEL);
            LlamaCpp.put(llama.model(file), "score", tokens);
            expected.add(logs(compile(source, ONNX, one.window(), name + "-onnx"), tokens));
        }
        compare(cases, expected, llama.run());
    }

    private static void compare(List<Case> cases, List<double[]> expected, List<LlamaCpp.Result> results) {
        SoftAssertions all = new SoftAssertions();
        for (int i = 0; i < cases.size(); i++) {
            all.assertThat(results.get(i).error()).as("%s", cases.get(i)).isEmpty();
            all.assertThat(distance(results.get(i).logs(), expected.get(i)))
                    .as("%s", cases.get(i))
                    .isLessThan(TOLERANCE);
        }
        all.assertAll();
    }

    /** Up to the original context a file turns by the short range, and beyond by the long, alone and in pairs. */
    @Test
    void turns_positions_by_the_range_that_its_context_is_in() throws IOException, InterruptedException {
        LlamaCpp llama = LlamaCpp.start();
        List<Case> cases = new ArrayList<>();
        List<double[]> expected = new ArrayList<>();
        for (Case one : List.of(
                new Case("phi3-longrope", "0:0"), new Case("phi4-mini", "0:0"), new Case("phi3-longrope", "1:3"))) {
            Path checkpoint = stretched(one.name());
            int[] tokens = tokens(Sources.SHIPPED.open(checkpoint).decoder(), true);
            String name = one.name() + "-" + one.window().replace(':', '-');
            Path file = compile(Sources.SHIPPED.open(checkpoint), GGUF, one.window(), name);
            for (RopeRange range : RopeRange.values()) {
                ObjectNode job = llama.model(file.resolve(GgufOptions.MODEL));
                LlamaCpp.put(job, "score", tokens);
                job.put("context", range == RopeRange.SHORT ? ORIGINAL : 2 * ORIGINAL);
                SourceOptions asked = new SourceOptions(Optional.empty(), Set.of(), range);
                Source source = Sources.SHIPPED.open(checkpoint, asked);
                cases.add(one);
                expected.add(logs(compile(source, ONNX, one.window(), name + "-" + range), tokens));
            }
        }
        compare(cases, expected, llama.run());
        assertThat(distance(expected.get(0), expected.get(1))).isGreaterThan(10 * TOLERANCE);
    }

    /** A copy that llama.cpp, which rounds contexts up to 256 positions, can be run in both ranges of. */
    private Path stretched(String name) throws IOException {
        Path copy = directory.resolve("stretched-" + name);
        if (!Files.exists(copy)) {
            Files.createDirectory(copy);
            Path original = TinyFamilies.checkpoint(name);
            for (String file : List.of("model.safetensors", "tokenizer.json")) {
                Files.copy(original.resolve(file), copy.resolve(file));
            }
            String config = Files.readString(original.resolve("config.json"))
                    .replaceFirst("(\"original_max_position_embeddings\": )\\d+", "$1" + ORIGINAL)
                    .replaceFirst("(\"max_position_embeddings\": )\\d+", "$1" + 4 * ORIGINAL);
            Files.writeString(copy.resolve("config.json"), config);
        }
        return copy;
    }

    /** So that no family is written with pairs that llama.cpp was not asked about. */
    @Test
    void every_family_that_is_written_with_pairs_is_compared() throws IOException {
        assertThat(GgufRoundTripTest.checkpoints().stream().filter(LlamaCppFamiliesTest::holdsPairs))
                .containsExactlyElementsOf(PAIRED);
    }

    private static boolean holdsPairs(String name) {
        Source source = Sources.SHIPPED.open(TinyFamilies.checkpoint(name));
        Recipe pairs = Recipe.pairing(LayerWindow.valueOf("1:3"));
        Decoder paired = pairs.apply(source.decoder(), new PassContext(Progress.SILENT));
        return Form.refusal(paired).isEmpty();
    }

    private static double distance(double[] one, double[] other) {
        return one.length == other.length
                ? IntStream.range(0, one.length)
                        .mapToDouble(i -> Math.abs(one[i] - other[i]))
                        .max()
                        .orElseThrow()
                : Double.POSITIVE_INFINITY;
    }

    /** Any but the first few, which may be special. */
    private static int[] tokens(Decoder decoder, boolean withinWindow) {
        int window = decoder.attentions()
                .flatMap(attention -> attention.rule().slidingWindow().stream())
                .findFirst()
                .orElse(TOKENS);
        int count = withinWindow ? Math.min(TOKENS, window) : TOKENS;
        return new Random(3).ints(count, 8, decoder.facts().vocabularySize()).toArray();
    }

    private static double[] logs(Path model, int[] tokens) {
        long[][] ids = {Arrays.stream(tokens).asLongStream().toArray()};
        float[] logits = Logits.of(model, ids);
        int vocabulary = logits.length / tokens.length;
        double[] logs = new double[tokens.length - 1];
        for (int i = 0; i < logs.length; i++) {
            double sum = 0;
            for (int j = 0; j < vocabulary; j++) {
                sum += Math.exp(logits[i * vocabulary + j]);
            }
            logs[i] = logits[i * vocabulary + tokens[i + 1]] - Math.log(sum);
        }
        return logs;
    }
}
