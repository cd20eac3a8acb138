package dev.twofold.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Progress;
import dev.twofold.diag.TwofoldException;
import dev.twofold.pass.Facts;
import dev.twofold.pass.PassContext;
import dev.twofold.pipeline.Sources;
import dev.twofold.testing.Novels;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CheckedRecipeTest {

    private static final Decoder SIXTEEN =
            Sources.SHIPPED.open(Novels.CHECKPOINT).decoder();

    private static CheckedRecipe check(String yaml) {
        return PipelineReader.parse("my.yaml", yaml).check(Facts.of(SIXTEEN));
    }

    private static Decoder run(CheckedRecipe plan) {
        return plan.run(SIXTEEN);
    }

    @Test
    void a_window_in_yaml_is_not_a_base_60_number() {
        CheckedRecipe plan = check("steps:\n  - pair-layers: {window: 4:14}\n  - fold-norms\n  - widen: {}\n");
        assertThat(plan.outcome(Facts.of(SIXTEEN)).parallelGroups()).hasSize(5);
        assertThat(run(plan).effectiveDepth()).isEqualTo(11);
    }

    @Test
    void pairs_in_yaml_are_ranges() {
        CheckedRecipe plan = check("steps:\n  - pair-layers: {pairs: [4-5, 8-10], form: one-sync}\n");
        assertThat(plan.outcome(Facts.of(SIXTEEN)).parallelGroups()).containsExactly(List.of(4, 5), List.of(8, 9, 10));
    }

    @Test
    void a_plan_written_to_the_manifest_is_the_same_plan() {
        CheckedRecipe plan =
                check("steps:\n  - drop-layers: {layers: [3]}\n  - pair-layers: {pairs: [4-5], form: two-sync}\n"
                        + "  - fold-norms\n  - cast: {dtype: bf16}\n");
        assertThat(plan.recipe().entries().toString().replace("}, {", "},{"))
                .isEqualTo("[{\"drop-layers\":{\"layers\":[3]}},"
                        + "{\"pair-layers\":{\"pairs\":[\"4-5\"],\"form\":\"two-sync\"}},"
                        + "{\"fold-norms\":{}},{\"cast\":{\"dtype\":\"bf16\"}}]");
    }

    @Test
    void an_empty_plan_changes_nothing() {
        assertThat(run(check("steps: []"))).isEqualTo(SIXTEEN);
    }

    @Test
    void dumps_after_the_pass_that_was_named() {
        StringBuilder dump = new StringBuilder();
        CheckedRecipe plan = check("steps:\n  - pair-layers: {pairs: [4-5]}\n  - fold-norms\n");
        new PassRunner(new PassContext(Progress.SILENT), Optional.of("pair-layers"), dump::append).run(plan, SIXTEEN);
        assertThat(dump)
                .contains("30 steps, effective depth 15", "model.layers.5.self_attn.q_proj.weight")
                .doesNotContain("scale1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "steps: [pair-layer]                                | my.yaml, line 1 | did you mean 'pair-layers'",
                "steps: [{pair-layers: {windw: 4:14}}]              | my.yaml, line 1 | did you mean 'window'",
                "steps: [{pair-layers: {window: 4-14}}]             | my.yaml, line 1 | 4:14",
                "steps: [{pair-layers: {pairs: [4-5, 5-6]}}]        | my.yaml, line 1 | layer 5 is named twice",
                "steps: [{pair-layers: {pairs: [15-16]}}]           | my.yaml, line 1 | layer 16 does not exist",
                "steps: [{pair-layers: {pairs: [4-5], form: both}}] | my.yaml, line 1 | one-sync",
                "steps: [{pair-layers: {window: 4:8, group: two}}]  | my.yaml, line 1 | group",
                "steps: [{pair-layers: {window: 4:8, group: 2.5}}]  | my.yaml, line 1 | group",
                "steps: [widen]                                     | my.yaml, line 1 | norms folded",
                "steps: [{cast: {dtype: int4}}]                     | my.yaml, line 1 | fp16",
                "steps: [{fold-norms: {x: 1}}]                      | my.yaml, line 1 | no options",
                "steps: [{fold-norms: 3}]                           | my.yaml, line 1 | mapping",
                "steps: [[fold-norms]]                              | my.yaml, line 1 | name of a pass",
                "stops: []                                          | my.yaml, line 1 | unknown key 'stops'",
                "steps: 3                                           | my.yaml, line 1 | list of passes",
                "[]                                                 | my.yaml, line 1 | mapping with the key 'steps'",
                "{}                                                 | my.yaml        | 'steps' is missing",
                "steps: [{a: 1, b: 2}]                              | my.yaml, line 1 | one pass",
            })
    void a_wrong_plan_is_refused_with_its_place_and_advice(String yaml, String place, String advice) {
        assertThatThrownBy(() -> check(yaml))
                .isInstanceOf(TwofoldException.class)
                .hasMessageStartingWith(place)
                .hasMessageContaining(advice)
                .extracting("kind")
                .isEqualTo(TwofoldException.Kind.INPUT);
    }

    @Test
    void the_line_is_that_of_the_step() {
        assertThatThrownBy(() -> check("# a plan\nsteps:\n  - fold-norms\n  - pair-layers: {pairs: [3-2]}\n"))
                .hasMessageStartingWith("my.yaml, line 4");
    }

    @ParameterizedTest
    @ValueSource(strings = {"steps: [", "a: b: c", "\t- x", "steps: {a: [}"})
    void what_is_not_yaml_is_refused(String yaml) {
        assertThatThrownBy(() -> check(yaml))
                .isInstanceOf(TwofoldException.class)
                .hasMessageContaining("my.yaml, line");
    }
}
