package dev.twofold.passes;

import static dev.twofold.passes.Decoders.run;
import static dev.twofold.passes.Decoders.sixteen;
import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderVerifier;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Step;
import dev.twofold.disk.MappedFiles;
import dev.twofold.layers.LayerWindow;
import dev.twofold.passes.rewrite.FoldNorms;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.passes.rewrite.PairLayers.Form;
import dev.twofold.passes.rewrite.Widen;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.WeightEvaluator;
import org.junit.jupiter.api.Test;

final class FoldAndWidenTest {

    private static final FoldNorms FOLD = new FoldNorms();
    private static final Widen WIDEN = new Widen();

    private static PairLayers pair(Form form) {
        return new PairLayers(new PairLayers.Options(null, new LayerWindow(2, 14), 2, form));
    }

    private static Branch only(Step step) {
        assertThat(step.branches()).hasSize(1);
        return step.branches().get(0);
    }

    @Test
    void folding_leaves_no_gain_in_front_of_a_projection() {
        Decoder folded = run(sixteen(), FOLD);
        assertThat(folded.steps())
                .allMatch(step -> only(step).in().orElseThrow().isUnit());
        DecoderVerifier.verify(folded);
    }

    @Test
    void folding_multiplies_the_columns_by_the_gain() {
        Decoder before = sixteen();
        Decoder after = run(before, FOLD);
        try (MappedFiles files = new MappedFiles()) {
            WeightEvaluator evaluator = new WeightEvaluator(files);
            Branch plain = only(before.steps().get(0));
            float[] gain = evaluator.read(plain.in().orElseThrow().gain());
            float[] weight = evaluator.read(((Attention) plain.body()).key().weight());
            float[] folded = evaluator.read(
                    ((Attention) only(after.steps().get(0)).body()).key().weight());
            for (int i = 0; i < weight.length; i++) {
                assertThat(folded[i]).isEqualTo(weight[i] * gain[i % gain.length]);
            }
        }
    }

    @Test
    void folding_keeps_the_final_gain_and_the_tie() {
        Decoder before = sixteen();
        Decoder after = run(before, FOLD);
        assertThat(after.finalNorm()).isEqualTo(before.finalNorm());
        assertThat(after.tied()).isTrue();
    }

    @Test
    void folding_twice_is_folding_once() {
        Decoder once = run(sixteen(), FOLD);
        assertThat(run(once, FOLD)).isEqualTo(once);
    }

    @Test
    void a_widened_pair_is_one_layer_of_twice_the_width() {
        Decoder wide = run(sixteen(), pair(Form.TWO_SYNC), FOLD, WIDEN);
        Attention attention = (Attention) only(wide.steps().get(4)).body();
        assertThat(attention.heads()).isEqualTo(8);
        assertThat(attention.kvHeads()).isEqualTo(4);
        assertThat(attention.members()).extracting(Attention.Heads::layer).containsExactly(2, 3);
        assertThat(attention.output().weight().shape()).isEqualTo(Shape.of(256, 512));
        FeedForward feedForward = (FeedForward) only(wide.steps().get(5)).body();
        assertThat(feedForward.width()).isEqualTo(2 * 704);
        DecoderVerifier.verify(wide);
    }

    @Test
    void widening_does_not_fire_on_branches_that_read_different_norms() {
        Decoder unfolded = run(sixteen(), pair(Form.TWO_SYNC));
        assertThat(run(unfolded, WIDEN)).isEqualTo(unfolded);
    }

    @Test
    void widening_does_not_fire_on_chains() {
        Decoder oneSync = run(sixteen(), pair(Form.ONE_SYNC), FOLD);
        assertThat(run(oneSync, WIDEN)).isEqualTo(oneSync);
    }

    @Test
    void widening_does_not_fire_on_ordinary_layers() {
        Decoder folded = run(sixteen(), FOLD);
        assertThat(run(folded, WIDEN)).isEqualTo(folded);
    }

    @Test
    void widening_twice_is_widening_once() {
        Decoder once = run(sixteen(), pair(Form.TWO_SYNC), FOLD, WIDEN);
        assertThat(run(once, WIDEN)).isEqualTo(once);
    }

    @Test
    void every_weight_is_still_used_exactly_once() {
        Decoder wide = run(sixteen(), pair(Form.TWO_SYNC), FOLD, WIDEN);
        assertThat(TensorUse.names(wide)).containsExactlyInAnyOrderElementsOf(TensorUse.names(sixteen()));
        assertThat(TensorUse.names(wide)).doesNotHaveDuplicates();
    }

    /** The matrices that steps read, by name; vectors are read by several. */
    private static final class TensorUse {
        static java.util.List<String> names(Decoder decoder) {
            return decoder.steps().stream()
                    .flatMap(step -> step.branches().stream())
                    .flatMap(branch -> branch.body() instanceof Attention a
                            ? java.util.stream.Stream.of(a.query(), a.key(), a.value(), a.output())
                            : java.util.stream.Stream.of(
                                    ((FeedForward) branch.body()).gate().orElseThrow(),
                                    ((FeedForward) branch.body()).up(),
                                    ((FeedForward) branch.body()).down()))
                    .flatMap(linear -> dev.twofold.weight.Weights.tensors(linear.weight()))
                    .filter(stored -> stored.shape().rank() == 2)
                    .map(Weight.Tensor::name)
                    .toList();
        }
    }
}
