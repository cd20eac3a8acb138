package dev.twofold.passes;

import static dev.twofold.passes.Decoders.facts;
import static dev.twofold.passes.Decoders.groups;
import static dev.twofold.passes.Decoders.run;
import static dev.twofold.passes.Decoders.sixteen;
import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderVerifier;
import dev.twofold.disk.MappedFiles;
import dev.twofold.layers.LayerRange;
import dev.twofold.pass.Facts;
import dev.twofold.pass.Property;
import dev.twofold.passes.rewrite.AverageLayers;
import dev.twofold.passes.rewrite.CastWeights;
import dev.twofold.passes.rewrite.DropLayers;
import dev.twofold.passes.rewrite.SwapLayers;
import dev.twofold.tensor.Precision;
import dev.twofold.weight.WeightEvaluator;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The interventions that layer parallelism is compared with. */
final class InterventionsTest {

    private static DropLayers drop(Integer... layers) {
        return new DropLayers(new DropLayers.Options(List.of(layers)));
    }

    private static SwapLayers swap(Integer... order) {
        return new SwapLayers(new SwapLayers.Options(List.of(order)));
    }

    private static AverageLayers average(String... ranges) {
        return new AverageLayers(new AverageLayers.Options(
                List.of(ranges).stream().map(LayerRange::valueOf).toList()));
    }

    @Test
    void dropping_removes_the_layers_and_nothing_else() {
        Decoder after = run(sixteen(), drop(5, 9));
        assertThat(after.steps()).hasSize(28).isSubsetOf(sixteen().steps());
        assertThat(groups(after)).doesNotContain(List.of(5), List.of(9)).hasSize(14);
        DecoderVerifier.verify(after);
    }

    @Test
    void dropping_refuses_all_layers_none_and_layers_that_are_gone() {
        Integer[] all = IntStream.range(0, 16).boxed().toArray(Integer[]::new);
        assertThat(drop(all).check(facts())).isPresent();
        assertThat(drop().check(facts())).isPresent();
        assertThat(drop(16).check(facts())).isPresent();
        assertThat(drop(5).check(drop(5).simulate(facts())))
                .get()
                .extracting("reason")
                .asString()
                .contains("dropped");
    }

    @Test
    void swapping_permutes_a_range() {
        Decoder after = run(sixteen(), swap(6, 4, 5));
        assertThat(groups(after).subList(3, 8))
                .containsExactly(List.of(3), List.of(6), List.of(4), List.of(5), List.of(7));
        DecoderVerifier.verify(after);
    }

    @Test
    void swapping_back_is_the_original() {
        assertThat(run(sixteen(), swap(5, 4), swap(4, 5))).isEqualTo(sixteen());
    }

    @Test
    void swapping_refuses_layers_that_are_no_range() {
        assertThat(swap(4, 6).check(facts())).isPresent();
        assertThat(swap(4).check(facts())).isPresent();
        assertThat(swap(4, 4).check(facts())).isPresent();
    }

    @Test
    void averaging_makes_one_layer_of_the_mean() {
        Decoder before = sixteen();
        Decoder after = run(before, average("4-6"));
        assertThat(groups(after).get(4)).containsExactly(4, 5, 6);
        assertThat(after.effectiveDepth()).isEqualTo(14);
        DecoderVerifier.verify(after);
        try (MappedFiles files = new MappedFiles()) {
            WeightEvaluator evaluator = new WeightEvaluator(files);
            float[] mean = value(evaluator, after, 8);
            float[] a = value(evaluator, before, 8);
            float[] b = value(evaluator, before, 10);
            float[] c = value(evaluator, before, 12);
            for (int i = 0; i < mean.length; i++) {
                assertThat(mean[i]).isCloseTo((a[i] + b[i] + c[i]) / 3, org.assertj.core.data.Offset.offset(1e-6f));
            }
        }
    }

    private static float[] value(WeightEvaluator evaluator, Decoder decoder, int step) {
        Attention attention =
                (Attention) decoder.steps().get(step).branches().get(0).body();
        return evaluator.read(attention.value().weight());
    }

    @Test
    void averaging_does_not_apply_to_folded_norms() {
        Facts folded = facts().with(Set.of(Property.NORMS_FOLDED), Set.of());
        assertThat(average("4-5").check(folded))
                .get()
                .extracting("reason")
                .asString()
                .contains("folded");
    }

    @Test
    void casting_changes_only_the_precision() {
        CastWeights cast = new CastWeights(new CastWeights.Options(Precision.FP16));
        Decoder after = run(sixteen(), cast);
        assertThat(after.precision()).isEqualTo(Precision.FP16);
        assertThat(after.withPrecision(Precision.FP32)).isEqualTo(sixteen());
        assertThat(run(after, cast)).isEqualTo(after);
        assertThat(new CastWeights(new CastWeights.Options(null)).check(facts()))
                .isPresent();
    }
}
