package dev.twofold.inspection;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Choices are whole numbers that are predicted to lose a tenth of themselves, and the larger is the better. */
final class LimitSearchTest {

    private final List<Integer> measured = new ArrayList<>();

    private Optional<Integer> best(double limit, double factor) {
        return new LimitSearch<Integer>(
                        limit,
                        loss -> Optional.of((int) (10 * loss + 1e-9)).filter(choice -> choice > 0),
                        choice -> choice / 10.0,
                        choice -> {
                            measured.add(choice);
                            return factor * choice / 10.0;
                        },
                        Comparator.naturalOrder())
                .best();
    }

    @Test
    void a_prediction_that_holds_is_measured_once() {
        assertThat(best(2, 1)).contains(20);
        assertThat(measured).containsExactly(20);
    }

    @Test
    void what_loses_more_than_predicted_gives_way_to_something_smaller() {
        assertThat(best(2, 2)).contains(9);
        assertThat(measured).containsExactly(20, 9);
    }

    @Test
    void what_loses_less_than_predicted_gives_way_to_something_larger() {
        assertThat(best(2, 0.5)).contains(36);
    }

    @Test
    void nothing_is_best_where_everything_loses_too_much() {
        assertThat(best(2, 100)).isEmpty();
        assertThat(measured).hasSizeLessThanOrEqualTo(6);
    }

    @Test
    void nothing_is_measured_where_nothing_is_proposed() {
        assertThat(best(0.05, 1)).isEmpty();
        assertThat(measured).isEmpty();
    }
}
