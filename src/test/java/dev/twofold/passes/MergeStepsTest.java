package dev.twofold.passes;

import static dev.twofold.passes.Decoders.facts;
import static dev.twofold.passes.Decoders.groups;
import static dev.twofold.passes.Decoders.run;
import static dev.twofold.passes.Decoders.sixteen;
import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderVerifier;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.Step;
import dev.twofold.families.TinyFamilies;
import dev.twofold.layers.LayerRange;
import dev.twofold.layers.StepRange;
import dev.twofold.pass.Facts;
import dev.twofold.pass.NotApplicable;
import dev.twofold.passes.rewrite.DropLayers;
import dev.twofold.passes.rewrite.FoldNorms;
import dev.twofold.passes.rewrite.MergeSteps;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.passes.rewrite.Widen;
import dev.twofold.pipeline.Sources;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MergeStepsTest {

    private static MergeSteps merge(String... runs) {
        return new MergeSteps(
                new MergeSteps.Options(Stream.of(runs).map(StepRange::valueOf).toList()));
    }

    private static PairLayers pair(String range) {
        return new PairLayers(new PairLayers.Options(List.of(LayerRange.valueOf(range)), null, null, null));
    }

    @Test
    void a_run_is_one_step_of_all_its_branches() {
        Decoder before = sixteen();
        Decoder after = run(before, merge("4A-4F", "6F-7F"));
        assertThat(after.steps()).hasSize(29);
        assertThat(after.steps().get(8).branches())
                .isEqualTo(branches(before.steps().subList(8, 10)));
        assertThat(after.steps().get(12).branches())
                .isEqualTo(branches(before.steps().subList(13, 16)));
        assertThat(after.effectiveDepth()).isEqualTo(15);
        assertThat(after.allReduces()).isEqualTo(29);
        DecoderVerifier.verify(after);
    }

    private static List<?> branches(List<Step> steps) {
        return steps.stream().flatMap(step -> step.branches().stream()).toList();
    }

    @Test
    void layers_that_share_a_step_share_a_group() {
        MergeSteps pass = merge("4A-4F", "6F-7A", "7F-8A", "10A-10F", "11A-11F");
        Facts facts = facts();
        assertThat(pass.check(facts)).isEmpty();
        Facts after = pass.simulate(facts);
        assertThat(after.groups())
                .filteredOn(group -> group.arrangement() == Facts.Arrangement.MERGED)
                .extracting(Facts.Group::layers)
                .containsExactly(List.of(4), List.of(6, 7, 8), List.of(10), List.of(11));
        assertThat(after.groups().stream().map(Facts.Group::layers).toList()).isEqualTo(groups(run(sixteen(), pass)));
        assertThat(after.merges())
                .extracting(StepRange::toString)
                .containsExactly("4A-4F", "6F-7A", "7F-8A", "10A-10F", "11A-11F");
        assertThat(after.parallelGroups()).isEmpty();
        assertThat(after.order()).isEqualTo(facts.order());
    }

    @Test
    void goes_with_pairs_of_other_layers() {
        Decoder after = run(sixteen(), pair("2-3"), merge("4A-4F"));
        assertThat(after.steps()).hasSize(29);
        Facts facts = merge("4A-4F").simulate(pair("2-3").simulate(facts()));
        assertThat(facts.parallelGroups()).containsExactly(List.of(2, 3));
        assertThat(facts.merges()).hasSize(1);
    }

    @Test
    void layers_that_became_neighbours_merge() {
        DropLayers drop = new DropLayers(new DropLayers.Options(List.of(5)));
        MergeSteps pass = merge("4F-6A");
        assertThat(pass.check(drop.simulate(facts()))).isEmpty();
        assertThat(run(sixteen(), drop, pass).steps()).hasSize(29);
    }

    @Test
    void no_runs_change_nothing_and_twice_is_refused() {
        assertThat(run(sixteen(), merge())).isEqualTo(sixteen());
        MergeSteps pass = merge("4A-4F");
        assertThat(pass.check(pass.simulate(facts()))).isPresent();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "4F-4A  | 4F comes after 4A in the stream",
                "4A-16A | layer 16 does not exist",
                "2A-2F  | layer 2 is already part of the group [2, 3]",
                "1F-4A  | layer 2 is already part of the group [2, 3]",
                "8A-8F  | layer 8 was dropped by an earlier pass"
            })
    void does_not_fire_on_steps_that_are_not_there_by_themselves(String run, String reason) {
        Facts facts = new DropLayers(new DropLayers.Options(List.of(8)))
                .simulate(pair("2-3").simulate(facts()));
        assertThat(merge(run).check(facts))
                .map(NotApplicable::reason)
                .hasValueSatisfying(text -> assertThat(text).contains(reason));
    }

    @Test
    void does_not_fire_on_two_runs_with_a_common_step() {
        assertThat(merge("4A-4F", "4F-5A").check(facts()))
                .map(NotApplicable::reason)
                .contains("the step 4F is in the runs 4A-4F and 4F-5A");
    }

    @Test
    void does_not_fire_on_layers_of_one_step_each() {
        Facts facts =
                Facts.of(Sources.SHIPPED.open(TinyFamilies.checkpoint("cohere")).decoder());
        assertThat(merge("1A-1F").check(facts))
                .hasValueSatisfying(reason -> assertThat(reason.hint()).contains("pair-layers"));
    }

    /** One product for attention and feed-forward together would cost more than it saves: see docs/merging.md. */
    @Test
    void widening_joins_what_is_of_one_kind_in_a_run() {
        Decoder after = run(sixteen(), merge("4A-5A"), new FoldNorms(), new Widen());
        assertThat(after.steps().get(8).branches())
                .extracting(branch -> branch.body().kind())
                .containsExactly(Operator.Kind.ATTENTION, Operator.Kind.FEED_FORWARD);
        assertThat(after.attentions().skip(4).findFirst().orElseThrow().members())
                .hasSize(2);
        DecoderVerifier.verify(after);
    }
}
