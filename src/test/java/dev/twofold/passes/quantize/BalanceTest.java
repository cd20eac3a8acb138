package dev.twofold.passes.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderVerifier;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Step;
import dev.twofold.disk.MappedFiles;
import dev.twofold.execution.HiddenStates;
import dev.twofold.families.TinyFamilies;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.ort.Provider;
import dev.twofold.ort.StepEngine;
import dev.twofold.pass.Facts;
import dev.twofold.pipeline.Sources;
import dev.twofold.recipe.PipelineReader;
import dev.twofold.testing.Novels;
import dev.twofold.weight.WeightEvaluator;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class BalanceTest {

    private final MappedFiles files = new MappedFiles();
    private final WeightEvaluator evaluator = new WeightEvaluator(files);
    private final StepEngine engine = new StepEngine(new PlainLowering(), evaluator, Provider.CPU, 0);

    @AfterEach
    void close() {
        engine.close();
        files.close();
    }

    private static Decoder run(Path checkpoint, String steps) {
        Decoder decoder = Sources.SHIPPED.open(checkpoint).decoder();
        return PipelineReader.parse("plan", "steps: [" + steps + "]")
                .check(Facts.of(decoder))
                .run(decoder);
    }

    static Stream<String> families() {
        return TinyFamilies.names().stream();
    }

    private float[] logits(Decoder decoder) {
        int[] tokens =
                new Random(5).ints(24, 0, decoder.facts().vocabularySize()).toArray();
        HiddenStates stream = engine.embed(decoder, List.of(tokens));
        for (Step step : decoder.steps()) {
            stream = engine.apply(decoder, step, stream);
        }
        try (StepEngine.Head head = engine.head(decoder)) {
            return head.logits(stream, 0);
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void a_pair_with_shared_norms_and_balanced_columns_computes_the_same(String family) {
        Path checkpoint = TinyFamilies.checkpoint(family);
        String before = "{pair-layers: {window: '0:2'}}, fold-norms, widen";
        float[] expected = logits(run(checkpoint, before));
        Decoder balanced = run(checkpoint, "{pair-layers: {window: '0:2'}}, share-norms, widen, balance");
        DecoderVerifier.verify(balanced);
        float[] actual = logits(balanced);
        double largest = 0;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) actual[i]).isEqualTo(expected[i], within(2e-5 * largest));
        }
    }

    @Test
    void columns_of_down_have_the_size_one() {
        Decoder decoder = run(Novels.CHECKPOINT, "{pair-layers: {window: '2:4'}}, share-norms, widen, balance");
        FeedForward feedForward =
                (FeedForward) decoder.steps().get(5).branches().get(0).body();
        assertThat(feedForward.width()).isEqualTo(2 * 704);
        assertThat(sizes(List.of(feedForward.down())))
                .usingComparatorWithPrecision(1e-5)
                .containsOnly(1);
    }

    @Test
    void a_shared_gain_is_in_the_middle_and_a_norm_of_one_branch_is_left_alone() {
        Decoder before = run(Novels.CHECKPOINT, "{merge-steps: {runs: [3A-3F]}}");
        Decoder after = run(Novels.CHECKPOINT, "{merge-steps: {runs: [3A-3F]}}, share-norms");
        assertThat(after.steps().get(0)).isEqualTo(before.steps().get(0));
        Step merged = after.steps().get(6);
        assertThat(merged.branches()).hasSize(2);
        assertThat(merged.branches().stream().map(Branch::in).distinct()).hasSize(1);
        float[] first = gain(before.steps().get(6).branches().get(0));
        float[] second = gain(before.steps().get(6).branches().get(1));
        float[] shared = gain(merged.branches().get(0));
        for (int i = 0; i < shared.length; i++) {
            double middle = Math.sqrt(((double) first[i] * first[i] + (double) second[i] * second[i]) / 2);
            assertThat((double) shared[i]).isEqualTo(middle, within(1e-6 * middle));
        }
    }

    private float[] gain(Branch branch) {
        return evaluator.read(branch.in().orElseThrow().gain());
    }

    @Test
    void query_heads_that_share_a_value_head_are_scaled_alike() {
        Decoder decoder = run(Novels.CHECKPOINT, "share-norms, balance");
        Attention attention =
                (Attention) decoder.steps().get(0).branches().get(0).body();
        double[] sizes = sizes(List.of(attention.output()));
        int head = attention.headSize();
        for (int kv = 0; kv < attention.kvHeads(); kv++) {
            for (int i = 0; i < head; i++) {
                double first = sizes[2 * kv * head + i];
                double second = sizes[(2 * kv + 1) * head + i];
                assertThat(Math.sqrt((first * first + second * second) / 2)).isEqualTo(1, within(1e-5));
            }
        }
    }

    private double[] sizes(List<Linear> matrices) {
        int columns = Math.toIntExact(matrices.get(0).weight().shape().dim(1));
        double[] squares = new double[columns];
        long rows = 0;
        for (Linear linear : matrices) {
            float[] values = evaluator.read(linear.weight());
            for (int i = 0; i < values.length; i++) {
                squares[i % columns] += (double) values[i] * values[i];
            }
            rows += linear.outputs();
        }
        for (int i = 0; i < columns; i++) {
            squares[i] = Math.sqrt(squares[i] / rows);
        }
        return squares;
    }
}
