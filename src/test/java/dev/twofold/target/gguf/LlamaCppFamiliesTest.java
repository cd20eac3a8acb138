package dev.twofold.target.gguf;

import static org.assertj.core.api.Assertions.assertThat;

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
import dev.twofold.target.Target;
import dev.twofold.target.onnx.OnnxOptions;
import dev.twofold.target.onnx.OnnxTarget;
import dev.twofold.testing.Logits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
    private static final Set<String> WITHOUT_WINDOWS = Set.of("cwm", "mistral", "phi3", "phi3-longrope", "starcoder2");

    /** Norms of queries and keys of the one, and windows of the other, are looked for in models of 64 layers only. */
    private static final Set<String> TOO_FEW_LAYERS = Set.of("cohere-plus", "exaone4");

    /** Whose heads together have to be as wide as the stream, which they are not. */
    private static final String TOO_WIDE = "nemotron";

    /** Whose layers can be pairs in a file. */
    private static final List<String> PAIRED =
            List.of(
                    "cwm",
                    "ernie4_5",
                    "exaone",
                    "granite",
                    "helium",
                    "internlm2",
                    "llama2",
                    "llama3.1",
                    "llama3.2",
                    "mistral",
                    "phi3",
                    "phi3-longrope",
                    "qwen2",
                    "seed_oss");

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
                .filter(name -> !TOO_FEW_LAYERS.contains(name) && !name.equals(TOO_WIDE))
                .forEach(name -> cases.add(new Case(name, "0:0")));
        PAIRED.forEach(name -> cases.add(new Case(name, "1:3")));
        List<double[]> expected = new ArrayList<>();
        for (Case one : cases) {
            Source source = GgufRoundTripTest.original(one.name());
            int[] tokens = tokens(source.decoder(), WITHOUT_WINDOWS.contains(one.name()));
            String name = one.name() + "-" + one.window().replace(':', '-');
            Target gguf = new GgufTarget(new GgufOptions(MatrixType.FP32, GgufOptions.MODEL));
            Path file = compile(source, gguf, one.window(), name).resolve(GgufOptions.MODEL);
            LlamaCpp.put(llama.model(file), "score", tokens);
            Target onnx = new OnnxTarget(
                    new OnnxOptions(DialectName.ONNX, KvLayout.PER_LAYER, CollectiveName.ORT), TrialRuntime.NONE);
            expected.add(logs(compile(source, onnx, one.window(), name + "-onnx"), tokens));
        }
        List<LlamaCpp.Result> results = llama.run();
        SoftAssertions all = new SoftAssertions();
        for (int i = 0; i < cases.size(); i++) {
            all.assertThat(results.get(i).error()).as("%s", cases.get(i)).isEmpty();
            all.assertThat(distance(results.get(i).logs(), expected.get(i)))
                    .as("%s", cases.get(i))
                    .isLessThan(TOLERANCE);
        }
        all.assertAll();
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
