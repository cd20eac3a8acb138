package dev.twofold.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What rounds of timings say of two models. */
final class SpeedupTest {

    @Test
    void a_ratio_is_of_one_round_and_the_median_of_rounds_counts() {
        double[] slowMoment = {1, 9, 1, 1, 1};
        double[] half = {0.5, 4.5, 0.5, 0.5, 0.25};
        Speedup speedup = Speedup.of(slowMoment, half);
        assertThat(speedup.median()).isEqualTo(2);
        assertThat(speedup.low()).isEqualTo(2);
        assertThat(speedup.high()).isEqualTo(4);
    }

    @Test
    void rounds_that_differ_little_all_count_and_one_that_is_far_off_hardly() {
        assertThat(Medians.of(Medians.ofPairs(new double[] {1, 2, 4, 8}))).isCloseTo(2.828, within(1e-3));
        assertThat(Medians.of(Medians.ofPairs(new double[] {1, 2, 4, 4096}))).isCloseTo(3.414, within(1e-3));
        assertThat(Medians.ofPairs(new double[] {5})).containsExactly(5);
    }

    /** By the tables of Wilcoxon's test for both sides and 5%. */
    @ParameterizedTest
    @CsvSource({"1, 0", "5, 0", "6, 0", "7, 2", "8, 3", "9, 5", "10, 8", "11, 10", "12, 13", "15, 25", "20, 52"})
    void so_many_means_of_pairs_are_outside_the_interval_of_a_median(int values, int outside) {
        assertThat(Medians.pairsOutside(values)).isEqualTo(outside);
    }

    @Test
    void a_speed_up_is_within_its_own_spread() {
        double[] first = new double[30];
        double[] second = new double[30];
        Arrays.fill(first, 2);
        Arrays.fill(second, 0, 21, 2);
        Arrays.fill(second, 21, 30, 1);
        Speedup speedup = Speedup.of(first, second);
        assertThat(speedup.median()).isBetween(speedup.low(), speedup.high());
    }

    @Test
    void a_difference_within_what_a_model_differs_by_from_itself_is_none() {
        double[] first = {1, 1, 1};
        Speedup itself = Speedup.of(first, new double[] {1.02, 0.99, 1});
        assertThat(itself.noise()).isCloseTo(0.0196, within(1e-4));
        assertThat(Speedup.of(first, new double[] {0.985, 0.985, 0.985}).differs(itself.noise()))
                .isFalse();
        assertThat(Speedup.of(first, new double[] {0.9, 0.9, 0.9}).differs(itself.noise()))
                .isTrue();
        assertThat(Speedup.of(first, new double[] {1.1, 1.1, 1.1}).differs(itself.noise()))
                .isTrue();
        assertThat(Speedup.of(first, new double[] {0.5, 0.5, 1.5}).differs(itself.noise()))
                .as("faster in two rounds, slower in one")
                .isFalse();
    }

    /** Of 400 models that are equal but for noise, 11 rounds leave out the truth about as seldom as Wilcoxon's test has it: 4.2 of 100. */
    @Test
    void equal_models_are_seldom_outside_the_interval() {
        SplittableRandom random = new SplittableRandom(3);
        int missed = 0;
        for (int trial = 0; trial < 400; trial++) {
            double[] first = random.doubles(11, 0.9, 1.1).toArray();
            double[] second = random.doubles(11, 0.9, 1.1).toArray();
            Speedup speedup = Speedup.of(first, second);
            missed += speedup.low() > 1 || speedup.high() < 1 ? 1 : 0;
        }
        assertThat(missed).isBetween(5, 30);
    }
}
