package dev.twofold.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class StepRangeTest {

    @ParameterizedTest
    @ValueSource(strings = {"12A-12F", "12F-13A", "3A-4F"})
    void is_written_as_it_is_read(String text) {
        assertThat(StepRange.valueOf(text)).hasToString(text);
        assertThat(StepRange.valueOf(" " + text.toLowerCase(java.util.Locale.ROOT) + " "))
                .hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "12", "12-13", "12A", "A-F", "12A-", "12B-13A", "12A-12A", "1234567A-1F", "1A-1F-2A"})
    void anything_else_is_refused(String text) {
        assertThatThrownBy(() -> StepRange.valueOf(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void names_its_steps_in_the_order_of_the_stream() {
        StepRange run = StepRange.valueOf("2F-4A");
        assertThat(run.sideBySide()).isEqualTo("2F|3A|3F|4A");
        assertThat(run.stepsSaved(2)).isEqualTo(3);
        assertThat(StepRange.of(5, 4)).isEqualTo(run);
    }

    @Test
    void a_plan_of_groups_and_merges_counts_its_steps() {
        Plan plan = new Plan(8, List.of(StepRange.valueOf("6A-7A"), new LayerRange(1, 2), StepRange.valueOf("3F-4A")));
        assertThat(plan).hasToString("1-2,3F-4A,6A-7A");
        assertThat(plan.stepsSaved(2)).isEqualTo(5);
        assertThat(plan.depth()).isEqualTo(6);
        assertThat(plan.groups()).containsExactly(new LayerRange(1, 2));
        assertThat(plan.merges()).hasSize(2);
    }

    @Test
    void places_of_a_plan_have_no_step_in_common() {
        LayerRange group = new LayerRange(1, 2);
        StepRange run = StepRange.valueOf("2F-3A");
        assertThatThrownBy(() -> new Plan(8, List.of(group, run))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Plan(3, List.of(run))).isInstanceOf(IllegalArgumentException.class);
    }
}
