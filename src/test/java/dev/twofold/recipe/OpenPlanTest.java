package dev.twofold.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.TwofoldException;
import dev.twofold.layers.LayerRange;
import dev.twofold.layers.Plan;
import dev.twofold.measure.LossLimit;
import dev.twofold.pass.Facts;
import dev.twofold.passes.analysis.ChoosePairs;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.pipeline.Sources;
import dev.twofold.testing.Novels;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class OpenPlanTest {

    private static final Decoder SIXTEEN =
            Sources.SHIPPED.open(Novels.CHECKPOINT).decoder();

    private static Optional<OpenPlan> choosing(String yaml) {
        return OpenPlan.in(PipelineReader.parse("my.yaml", yaml), Facts.of(SIXTEEN));
    }

    private static ChoosePairs.Options options(String options) {
        return choosing("steps:\n  - choose-pairs: {" + options + "}\n  - pair-layers\n")
                .orElseThrow()
                .options();
    }

    private static String planned(OpenPlan choosing, Plan plan) {
        return choosing.with(plan).entries().toString();
    }

    @Test
    void options_are_read_as_they_are_written() {
        assertThat(options("max-loss: 1%").maxLoss()).isEqualTo(LossLimit.DEFAULT);
        assertThat(options("max-loss: 0.5%").maxLoss()).isEqualTo(LossLimit.valueOf("0.005"));
        assertThat(options("max-loss: '0.005'").maxLoss()).isEqualTo(LossLimit.valueOf("0.5%"));
        assertThat(options("depth: 5")).isEqualTo(new ChoosePairs.Options(null, 5, null, null, null, null, null));
        assertThat(options("group: 2, tokens: 512"))
                .isEqualTo(new ChoosePairs.Options(null, null, null, null, null, 2, 512));
        assertThat(options("").groupLimit()).isEqualTo(4);
    }

    @Test
    void a_share_can_be_a_number() {
        assertThat(options("max-loss: 0.005").maxLoss()).isEqualTo(LossLimit.valueOf("0.5%"));
        assertThat(options("max-loss: 0.10").maxLoss()).isEqualTo(LossLimit.valueOf("10%"));
    }

    @Test
    void a_plan_that_names_its_layers_leaves_nothing_to_choose() {
        assertThat(choosing("steps:\n  - pair-layers: {window: 4:14}\n  - fold-norms\n"))
                .isEmpty();
    }

    @Test
    void the_chosen_layers_take_the_place_of_the_choice() {
        OpenPlan choosing = choosing("steps: [choose-pairs: {depth: 9}, pair-layers: {form: one-sync}, fold-norms]")
                .orElseThrow();
        assertThat(choosing.form()).isEqualTo(PairLayers.Form.ONE_SYNC);
        Plan plan = new Plan(16, List.of(new LayerRange(9, 10), new LayerRange(2, 5)));
        assertThat(planned(choosing, plan))
                .isEqualTo(
                        "[{\"pair-layers\":{\"pairs\":[\"2-5\",\"9-10\"],\"form\":\"one-sync\"}}, {\"fold-norms\":{}}]");
        assertThat(planned(choosing, Plan.none(16)))
                .isEqualTo("[{\"pair-layers\":{\"window\":\"0:0\",\"form\":\"one-sync\"}}, {\"fold-norms\":{}}]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "choose-pairs: {max-loss: 1%, depth: 5}, pair-layers | more than one of max-loss, depth",
                "choose-pairs                                        | 0 times pair-layers without layers",
                "pair-layers, choose-pairs                           | 0 times pair-layers without layers",
                "choose-pairs, pair-layers: {window: 4:14}           | 0 times pair-layers without layers",
                "choose-pairs, pair-layers, pair-layers              | 2 times pair-layers without layers",
                "choose-pairs, choose-pairs, pair-layers             | 2 times choose-pairs",
                "drop-layers: {layers: [3]}, choose-pairs, pair-layers | layers were rearranged before",
                "choose-pairs, drop-layers: {layers: [3]}, pair-layers | layers were rearranged before",
                "choose-pairs, pair-layers: {pairs: [4-5]}, pair-layers | layers were rearranged before",
                "choose-pairs: {depth: 3}, pair-layers               | a depth of 4 to 16",
                "choose-pairs: {depth: 17}, pair-layers              | 16 layers to an effective depth of 17",
                "choose-pairs: {depth: 7, group: 2}, pair-layers     | a depth of 8 to 16",
                "choose-pairs: {depth: 0, group: 2147483647}, pair-layers | a depth of 1 to 16",
                "choose-pairs: {depth: -1}, pair-layers              | a depth of 4 to 16",
                "choose-pairs: {depth: 5.5}, pair-layers             | depth",
                "choose-pairs: {depth: five}, pair-layers            | depth",
                "choose-pairs: {group: 1}, pair-layers               | two layers or more, not 1",
                "choose-pairs: {tokens: 0}, pair-layers              | 0 tokens",
                "choose-pairs: {max-loss: lots}, pair-layers         | 'lots' is not a rise of the perplexity such as 1%",
                "choose-pairs: {max-loss: 1 %}, pair-layers          | max-loss",
                "choose-pairs: {max-loss: -1%}, pair-layers          | max-loss",
                "choose-pairs: {max-loss: 1001%}, pair-layers        | 0% to 1000%",
                "choose-pairs: {max-loss: 20.5}, pair-layers        | such as 20.5%",
                "choose-pairs: {max-loss: 1}, pair-layers           | such as 1%",
                "choose-pairs: {max-los: 1%}, pair-layers            | no option 'max-los'",
                "choose-pairs, pair-layers, widen                    | norms folded",
                "choose-pairs, pair-layers: {form: both}             | one-sync",
            })
    void a_wrong_choice_is_refused_with_its_place_and_reason(String steps, String reason) {
        assertThatThrownBy(() -> choosing("steps: [" + steps + "]"))
                .isInstanceOf(TwofoldException.class)
                .hasMessageStartingWith("my.yaml, line 1")
                .hasMessageContaining(reason)
                .extracting("kind")
                .isEqualTo(TwofoldException.Kind.INPUT);
    }

    @Test
    void the_line_is_that_of_the_choice() {
        assertThatThrownBy(() -> choosing("steps:\n  # how\n  - choose-pairs: {max-loss: 1 in 100}\n  - pair-layers\n"))
                .hasMessageStartingWith("my.yaml, line 3")
                .hasMessageContaining("1 in 100");
    }
}
