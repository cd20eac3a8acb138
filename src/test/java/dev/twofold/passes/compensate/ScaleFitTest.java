package dev.twofold.passes.compensate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.execution.HiddenStates;
import java.util.List;
import java.util.Random;
import org.ejml.data.DMatrixRMaj;
import org.junit.jupiter.api.Test;

final class ScaleFitTest {

    private static final int CHANNELS = 3;
    private static final int TOKENS = 40;

    private final Random random = new Random(3);

    private HiddenStates random() {
        float[] values = new float[TOKENS * CHANNELS];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(-64, 64) / 16f;
        }
        return new HiddenStates(List.of(values), CHANNELS);
    }

    @Test
    void factors_of_every_channel_and_branch_are_found_again() {
        double[][] factors = {{0.5, -0.25}, {0, 1.5}, {-1, 0.125}};
        HiddenStates first = random();
        HiddenStates second = random();
        float[] residual = new float[TOKENS * CHANNELS];
        for (int i = 0; i < residual.length; i++) {
            double[] factor = factors[i % CHANNELS];
            residual[i] = (float) (factor[0] * first.windows().get(0)[i]
                    + factor[1] * second.windows().get(0)[i]);
        }
        ScaleFit fit = new ScaleFit(2, CHANNELS);
        HiddenStates wanted =
                new HiddenStates(List.of(residual), CHANNELS).plus(first).plus(second);
        fit.add(List.of(first, second), wanted);
        DMatrixRMaj solved = fit.solve(1e-14);
        for (int channel = 0; channel < CHANNELS; channel++) {
            assertThat(solved.get(channel, 0)).isEqualTo(factors[channel][0], within(1e-8));
            assertThat(solved.get(channel, 1)).isEqualTo(factors[channel][1], within(1e-8));
        }
        assertThat(fit.error()).isPositive();
        assertThat(fit.error(solved)).isEqualTo(0, within(1e-8));
    }

    @Test
    void sums_over_two_texts_are_those_of_both() {
        HiddenStates first = random();
        HiddenStates second = random();
        HiddenStates wanted = random();
        HiddenStates also = random();
        ScaleFit one = new ScaleFit(1, CHANNELS);
        one.add(List.of(first), wanted);
        ScaleFit other = new ScaleFit(1, CHANNELS);
        other.add(List.of(second), also);
        ScaleFit whole = new ScaleFit(1, CHANNELS);
        whole.add(List.of(first), wanted);
        whole.add(List.of(second), also);
        double[] alone = one.solve(0.1).data;
        one.add(other);
        assertThat(one.error()).isEqualTo(whole.error());
        assertThat(one.reached()).isEqualTo(whole.reached());
        assertThat(one.solve(0.1).data).isEqualTo(whole.solve(0.1).data);
        assertThat(alone).isNotEqualTo(whole.solve(0.1).data);
    }

    @Test
    void a_branch_that_adds_nothing_keeps_its_weights() {
        ScaleFit fit = new ScaleFit(1, CHANNELS);
        fit.add(List.of(new HiddenStates(List.of(new float[TOKENS * CHANNELS]), CHANNELS)), random());
        assertThat(fit.solve(0.1).data).containsOnly(0);
    }

    @Test
    void a_factor_scales_a_row_of_the_last_projection() {
        DMatrixRMaj projection = new DMatrixRMaj(2, 2, true, 1, 2, 3, 4);
        ScaleFit.apply(new DMatrixRMaj(2, 1, true, 1, -0.5), 0, projection);
        assertThat(projection.data).containsExactly(2, 4, 1.5, 2);
    }
}
