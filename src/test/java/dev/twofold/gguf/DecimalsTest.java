package dev.twofold.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DecimalsTest {

    @ParameterizedTest
    @ValueSource(doubles = {1e-5, 1e-6, 10_000, 1_000_000, 0.0625, 0.1, 8, 500_000, -3.5, 0, 1e-30, 3.4e38, 1.2079442})
    void finds_the_decimal_that_was_written(double written) {
        assertThat(Decimals.shortest((float) written)).isEqualTo(written);
    }

    @Test
    void never_changes_the_float() {
        Random random = new Random(3);
        for (int i = 0; i < 100_000; i++) {
            float value = Float.intBitsToFloat(random.nextInt());
            assertThat(Float.valueOf((float) Decimals.shortest(value))).isEqualTo(Float.valueOf(value));
        }
    }
}
