package dev.twofold.target.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.execution.TrialRuntime;
import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.layers.LayerWindow;
import dev.twofold.pipeline.Compiler;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tiny models of every family in stock llama.cpp, against the same models in ONNX Runtime. */
final class LlamaCppFamiliesTest {

    /** Of the logarithm of a probability. */
    private static final double TOLERANCE = 2e-3;

    private static final int TOKENS = 24;

    /** Whose layers can be pairs in a file. */
    private static final List<String> PAIRED =
            List.of("granite", "internlm2", "llama2", "llama3.1", "llama3.2", "mistral", "qwen2");

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
        GgufRoundTripTest.names().forEach(name -> cases.add(new Case(name, "0:0")));
        PAIRED.forEach(name -> cases.add(new Case(name, "1:3")));
        List<double[]> expected = new ArrayList<>();
        for (Case one : cases) {
            Source source = GgufRoundTripTest.original(one.name());
            int[] tokens = tokens(source.decoder().facts().vocabularySize());
            String name = one.name() + "-" + one.window().replace(':', '-');
            Target gguf = new GgufTarget(new GgufOptions(MatrixType.FP32, GgufOptions.MODEL));
            Path file = compile(source, gguf, one.window(), name).resolve(GgufOptions.MODEL);
            LlamaCpp.put(llama.model(file), "score", tokens);
            Target onnx = new OnnxTarget(
                    new OnnxOptions(DialectName.ONNX, KvLayout.PER_LAYER, CollectiveName.ORT), TrialRuntime.NONE);
            expected.add(logs(compile(source, onnx, one.window(), name + "-onnx"), tokens));
        }
        List<LlamaCpp.Result> results = llama.run();
        for (int i = 0; i < cases.size(); i++) {
            assertThat(results.get(i).logs())
                    .as("%s", cases.get(i))
                    .containsExactly(expected.get(i), within(TOLERANCE));
        }
    }

    /** Any but the first few, which may be special. */
    private static int[] tokens(int vocabulary) {
        return new Random(3).ints(TOKENS, 8, vocabulary).toArray();
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
