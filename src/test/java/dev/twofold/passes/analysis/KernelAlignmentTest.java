package dev.twofold.passes.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

final class KernelAlignmentTest {

    private static final int HIDDEN = 48;

    private final Random random = new Random(3);

    private float[] noise(int tokens) {
        float[] stream = new float[tokens * HIDDEN];
        for (int i = 0; i < stream.length; i++) {
            stream[i] = (float) random.nextGaussian();
        }
        return stream;
    }

    /** The alignment of streams with what becomes of them. */
    private double alignment(int windows, int tokens, UnaryOperator<float[]> change) {
        KernelAlignment alignment = new KernelAlignment(2);
        for (int window = 0; window < windows; window++) {
            float[] stream = noise(tokens);
            alignment.add(new float[][] {stream, change.apply(stream)}, HIDDEN);
        }
        return alignment.cka()[1][0];
    }

    /** Mirrored at the plane that all ones are normal to, scaled by 3 and moved by 5. */
    private static float[] moved(float[] stream) {
        float[] moved = new float[stream.length];
        for (int token = 0; token < stream.length; token += HIDDEN) {
            double sum = 0;
            for (int i = 0; i < HIDDEN; i++) {
                sum += stream[token + i];
            }
            for (int i = 0; i < HIDDEN; i++) {
                moved[token + i] = (float) (3 * (stream[token + i] - 2 * sum / HIDDEN) + 5);
            }
        }
        return moved;
    }

    @Test
    void a_stream_is_aligned_with_itself() {
        assertThat(alignment(3, 32, stream -> stream)).isCloseTo(1, within(1e-12));
    }

    @Test
    void rotation_scale_and_shift_do_not_matter() {
        assertThat(alignment(3, 32, KernelAlignmentTest::moved)).isCloseTo(1, within(1e-5));
    }

    @Test
    void independent_noise_is_not_aligned_however_few_the_tokens() {
        assertThat(alignment(40, 64, stream -> noise(64))).isCloseTo(0, within(0.02));
        assertThat(alignment(1000, 8, stream -> noise(8))).isCloseTo(0, within(0.05));
    }

    @Test
    void four_tokens_are_enough_and_three_say_nothing() {
        assertThat(alignment(1, 4, stream -> stream)).isCloseTo(1, within(1e-12));
        assertThat(alignment(1, 3, stream -> stream)).isNaN();
    }

    @Test
    void a_stream_that_does_not_vary_is_aligned_with_nothing() {
        assertThat(alignment(2, 16, stream -> new float[stream.length])).isNaN();
    }
}
