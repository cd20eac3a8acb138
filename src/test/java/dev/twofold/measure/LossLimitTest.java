package dev.twofold.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class LossLimitTest {

    @ParameterizedTest
    @CsvSource({
        "1%, 0.01, 1%",
        "0.01, 0.01, 1%",
        "0.5%, 0.005, 0.5%",
        "0%, 0, 0%",
        "1000%, 10, 1000%",
        "10.50%, 0.105, 10.5%"
    })
    void is_a_percentage_or_a_share(String text, double share, String printed) {
        LossLimit limit = LossLimit.valueOf(text);
        assertThat(limit.share().doubleValue()).isEqualTo(share);
        assertThat(limit).hasToString(printed).isEqualTo(LossLimit.valueOf(printed));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "%", "abc", "-1%", "+1%", "1 %", "1%%", "1e2%", ".5%", "1,5%", "NaN", "1001%", "10.1", "1", "1.0",
                "3"
            })
    void anything_else_is_refused(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> LossLimit.valueOf(text));
    }

    @Test
    void allows_what_is_not_above_it() {
        assertThat(LossLimit.DEFAULT.allows(0.01)).isTrue();
        assertThat(LossLimit.DEFAULT.allows(-0.2)).isTrue();
        assertThat(LossLimit.DEFAULT.allows(0.0100001)).isFalse();
        assertThat(LossLimit.DEFAULT.allows(Double.NaN)).isFalse();
    }
}
