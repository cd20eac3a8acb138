package dev.twofold.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BFloat16Test {

    private static final int INFINITY = 0x7f80;

    private static int half(float value) {
        return BFloat16.fromFloat(value) & 0xffff;
    }

    private static float pattern(int upper, int lower) {
        return Float.intBitsToFloat(upper << 16 | lower);
    }

    @Test
    void reads_every_pattern_as_the_upper_half_of_a_float() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            assertThat(Float.floatToRawIntBits(BFloat16.toFloat((short) bits)))
                    .as("%04x", bits)
                    .isEqualTo(bits << 16);
        }
    }

    @Test
    void every_pattern_but_nan_survives_a_round_trip() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            if ((bits & 0x7fff) <= INFINITY) {
                assertThat(half(pattern(bits, 0))).as("%04x", bits).isEqualTo(bits);
            }
        }
    }

    @Test
    void every_nan_pattern_stays_a_nan_of_its_sign() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            if ((bits & 0x7fff) > INFINITY) {
                assertThat(half(pattern(bits, 0)) & 0x7fff).as("%04x", bits).isGreaterThan(INFINITY);
                assertThat(half(pattern(bits, 0)) & 0x8000).as("%04x", bits).isEqualTo(bits & 0x8000);
            }
        }
    }

    @Test
    void a_nan_whose_payload_would_be_cut_off_or_carried_over_stays_nan() {
        assertThat(half(Float.intBitsToFloat(0x7f800001)) & 0x7fff).isGreaterThan(INFINITY);
        assertThat(half(Float.intBitsToFloat(0x7fffffff)) & 0x7fff).isGreaterThan(INFINITY);
        assertThat(half(Float.intBitsToFloat(0xffffffff)) & 0x7fff).isGreaterThan(INFINITY);
    }

    @Test
    void the_midpoint_of_two_neighbours_rounds_to_the_even_one_and_its_neighbours_to_theirs() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            if ((bits & 0x7fff) < INFINITY) {
                assertThat(half(pattern(bits, 0x8000))).as("%04x", bits).isEqualTo(bits + (bits & 1));
                assertThat(half(pattern(bits, 0x7fff))).as("%04x", bits).isEqualTo(bits);
                assertThat(half(pattern(bits, 0x8001))).as("%04x", bits).isEqualTo(bits + 1);
            }
        }
    }

    @Test
    void the_largest_floats_become_infinite() {
        assertThat(half(Float.MAX_VALUE)).isEqualTo(INFINITY);
        assertThat(half(-Float.MAX_VALUE)).isEqualTo(0x8000 | INFINITY);
    }
}
