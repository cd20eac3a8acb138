package dev.twofold.inspection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.inspection.Correlation.Point;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CorrelationTest {

    @Test
    void a_rising_curve_agrees_in_rank_and_less_so_in_value() {
        Correlation curve = Correlation.of(List.of(new Point(0, 0), new Point(1, 1), new Point(2, 8)));
        assertThat(curve.count()).isEqualTo(3);
        assertThat(curve.spearman()).isCloseTo(1, within(1e-12));
        assertThat(curve.pearson()).isCloseTo(8 / Math.sqrt(2 * 38), within(1e-12));
    }

    @Test
    void a_falling_line_is_minus_one() {
        Correlation line = Correlation.of(List.of(new Point(0, 3), new Point(1, 1), new Point(3, -3)));
        assertThat(line.pearson()).isCloseTo(-1, within(1e-12));
        assertThat(line.spearman()).isCloseTo(-1, within(1e-12));
    }

    /** Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4. */
    @Test
    void ties_share_their_mean_rank() {
        Correlation tied = Correlation.of(List.of(new Point(1, 1), new Point(2, 2), new Point(2, 3), new Point(3, 4)));
        assertThat(tied.spearman()).isCloseTo(4.5 / Math.sqrt(4.5 * 5), within(1e-12));
    }

    @Test
    void what_does_not_vary_correlates_with_nothing() {
        assertThat(Correlation.of(List.of(new Point(1, 1), new Point(1, 2)))).isEqualTo(new Correlation(2, 0, 0));
        assertThat(Correlation.of(List.of(new Point(1, 1)))).isEqualTo(new Correlation(1, 0, 0));
        assertThat(Correlation.of(List.of())).isEqualTo(new Correlation(0, 0, 0));
    }
}
