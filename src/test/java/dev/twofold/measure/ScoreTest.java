package dev.twofold.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.measure.Score.Window;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ScoreTest {

    private static final Score BASE =
            new Score(List.of(new Window(10, 30, 0, 4), new Window(10, 34, 0, 2), new Window(10, 29, 0, 6)));
    private static final Score MODEL =
            new Score(List.of(new Window(10, 31, 1, 4), new Window(10, 38, 2, 1), new Window(10, 30, 3, 5)));

    @Test
    void means_are_over_tokens_not_windows() {
        Score score = new Score(List.of(new Window(30, 60, 3, 10), new Window(10, 60, 5, 10)));
        assertThat(score.tokens()).isEqualTo(40);
        assertThat(score.loss()).isEqualTo(3.0);
        assertThat(score.kl()).isEqualTo(0.2);
        assertThat(score.accuracy()).isEqualTo(0.5);
    }

    /** Rises of a token are 0.1, 0.4 and 0.1 by window: a standard deviation of 0.3 / sqrt(3), over sqrt(3) windows. */
    @Test
    void the_error_of_equal_windows_is_that_of_their_mean() {
        assertThat(MODEL.riseError(BASE)).isCloseTo(0.1, within(1e-12));
    }

    @Test
    void a_rise_that_is_the_same_everywhere_has_no_error() {
        Score rest = new Score(List.of(new Window(10, 30, 0, 4), new Window(5, 12, 0, 2)));
        Score more = new Score(List.of(new Window(10, 31, 0, 4), new Window(5, 12.5, 0, 2)));
        assertThat(more.riseError(rest)).isCloseTo(0, within(1e-12));
    }

    /** Of a single window, sums that do not divide evenly leave a rounding error, which is no standard error. */
    @Test
    void one_window_tells_nothing_of_the_error() {
        for (int tokens = 1; tokens < 100; tokens++) {
            Score base = new Score(List.of(new Window(tokens, 1 / 3.0, 0, 0)));
            Score model = new Score(List.of(new Window(tokens, 0.7, 0, 0)));
            assertThat(model.riseError(base)).as("%d tokens", tokens).isNaN();
        }
    }

    @Test
    void a_rise_of_the_loss_is_a_larger_share_of_the_perplexity() {
        PlanScore base = PlanScore.of(BASE, BASE);
        PlanScore model = PlanScore.of(MODEL, BASE);
        assertThat(model.increase(base)).isCloseTo(Math.exp(0.2) - 1, within(1e-12));
        assertThat(base.increase(base)).isZero();
    }
}
