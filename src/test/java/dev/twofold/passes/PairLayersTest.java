package dev.twofold.passes;

import static dev.twofold.passes.Decoders.facts;
import static dev.twofold.passes.Decoders.run;
import static dev.twofold.passes.Decoders.sixteen;
import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderVerifier;
import dev.twofold.decoder.Step;
import dev.twofold.layers.LayerRange;
import dev.twofold.layers.LayerWindow;
import dev.twofold.pass.Facts;
import dev.twofold.passes.rewrite.DropLayers;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.passes.rewrite.PairLayers.Form;
import dev.twofold.passes.rewrite.PairLayers.Options;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PairLayersTest {

    private static PairLayers window(String window, int group, Form form) {
        return new PairLayers(new Options(null, LayerWindow.valueOf(window), group, form));
    }

    private static PairLayers pairs(String... ranges) {
        return new PairLayers(
                new Options(List.of(ranges).stream().map(LayerRange::valueOf).toList(), null, null, null));
    }

    @Test
    void two_sync_zips_the_steps_of_neighbours() {
        Decoder before = sixteen();
        Decoder after = run(before, window("4:6", 2, Form.TWO_SYNC));
        assertThat(after.steps()).hasSize(30);
        Step attentions = after.steps().get(8);
        assertThat(attentions.branches())
                .containsExactly(
                        before.steps().get(8).branches().get(0),
                        before.steps().get(10).branches().get(0));
        assertThat(after.steps().get(9).branches())
                .containsExactly(
                        before.steps().get(9).branches().get(0),
                        before.steps().get(11).branches().get(0));
        DecoderVerifier.verify(after);
    }

    @Test
    void one_sync_runs_each_layer_whole_on_its_own_copy() {
        Decoder before = sixteen();
        Decoder after = run(before, window("4:6", 2, Form.ONE_SYNC));
        assertThat(after.steps()).hasSize(29);
        assertThat(after.steps().get(8).branches())
                .extracting(branch -> ((Chain) branch.body()).steps())
                .containsExactly(before.steps().subList(8, 10), before.steps().subList(10, 12));
        DecoderVerifier.verify(after);
    }

    @Test
    void staggered_merges_all_up_to_the_last_attention() {
        Decoder before = sixteen();
        Decoder after = run(before, window("4:6", 2, Form.STAGGERED));
        assertThat(after.steps()).hasSize(30);
        assertThat(after.steps().get(8).branches())
                .containsExactlyElementsOf(before.steps().subList(8, 11).stream()
                        .flatMap(step -> step.branches().stream())
                        .toList());
        assertThat(after.steps().get(9)).isEqualTo(before.steps().get(11));
        DecoderVerifier.verify(after);
        Facts facts = window("4:8", 4, Form.STAGGERED).simulate(facts());
        assertThat(facts.parallelGroups()).containsExactly(List.of(4, 5, 6, 7));
        assertThat(facts.steps()).hasSize(26);
    }

    @Test
    void effective_depth_and_all_reduces_count_groups() {
        Decoder twoSync = run(sixteen(), window("2:14", 2, Form.TWO_SYNC));
        assertThat(twoSync.effectiveDepth()).isEqualTo(10);
        assertThat(twoSync.allReduces()).isEqualTo(20);
        Decoder oneSync = run(sixteen(), window("2:14", 2, Form.ONE_SYNC));
        assertThat(oneSync.effectiveDepth()).isEqualTo(10);
        assertThat(oneSync.allReduces()).isEqualTo(14);
        Decoder fours = run(sixteen(), window("2:14", 4, Form.TWO_SYNC));
        assertThat(fours.effectiveDepth()).isEqualTo(7);
    }

    @Test
    void an_empty_window_changes_nothing() {
        Decoder before = sixteen();
        assertThat(run(before, window("0:0", 2, Form.TWO_SYNC))).isEqualTo(before);
    }

    @Test
    void announces_the_groups_it_makes() {
        PairLayers pass = pairs("2-3", "5-8");
        assertThat(pass.check(facts())).isEmpty();
        assertThat(pass.simulate(facts()).parallelGroups()).containsExactly(List.of(2, 3), List.of(5, 6, 7, 8));
        assertThat(Decoders.groups(run(sixteen(), pass)))
                .isEqualTo(pass.simulate(facts()).groups().stream()
                        .map(Facts.Group::layers)
                        .toList());
    }

    @Test
    void does_not_fire_twice_on_a_layer() {
        Facts paired = pairs("4-5").simulate(facts());
        assertThat(pairs("5-6").check(paired))
                .get()
                .extracting("reason")
                .asString()
                .contains("layer 5", "[4, 5]");
    }

    @Test
    void refuses_what_the_model_does_not_have() {
        assertThat(pairs("15-16").check(facts()))
                .get()
                .extracting("reason")
                .asString()
                .contains("layer 16", "16 layers");
        assertThat(window("12:20", 2, Form.TWO_SYNC).check(facts()))
                .get()
                .extracting("reason")
                .asString()
                .contains("12:20");
    }

    @Test
    void refuses_overlapping_groups() {
        assertThat(pairs("4-5", "5-6").check(facts()))
                .get()
                .extracting("reason")
                .asString()
                .contains("layer 5");
    }

    @Test
    void refuses_a_window_that_groups_do_not_fill_and_names_one_that_they_do() {
        assertThat(window("4:13", 2, Form.TWO_SYNC).check(facts()))
                .get()
                .hasFieldOrPropertyWithValue("hint", "use the window 4:12");
    }

    @Test
    void refuses_a_window_whose_layers_are_gone() {
        Facts dropped = new DropLayers(new DropLayers.Options(List.of(7, 8))).simulate(facts());
        assertThat(window("7:9", 2, Form.TWO_SYNC).check(dropped))
                .get()
                .extracting("reason")
                .asString()
                .contains("7:9");
    }

    @Test
    void refuses_options_that_contradict_one_another() {
        Options both = new Options(List.of(new LayerRange(1, 2)), new LayerWindow(1, 3), null, null);
        assertThat(new PairLayers(both).check(facts())).isPresent();
        assertThat(new PairLayers(new Options(null, null, null, null)).check(facts()))
                .isPresent();
        assertThat(new PairLayers(new Options(List.of(new LayerRange(1, 2)), null, 2, null)).check(facts()))
                .isPresent();
        assertThat(window("4:8", 1, Form.TWO_SYNC).check(facts())).isPresent();
    }
}
