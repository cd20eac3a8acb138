package dev.twofold.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Float16Test {

    private static final int INFINITY = 0x7c00;

    /** The value of a finite pattern by the definition of binary16. */
    private static double value(int bits) {
        int exponent = bits >> 10 & 31;
        int fraction = bits & 1023;
        double magnitude =
                exponent == 0 ? Math.scalb((double) fraction, -24) : Math.scalb(1024.0 + fraction, exponent - 25);
        return (bits & 0x8000) == 0 ? magnitude : -magnitude;
    }

    private static int half(float value) {
        return Float16.fromFloat(value) & 0xffff;
    }

    @Test
    void reads_every_finite_pattern_as_binary16_defines_it() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            if ((bits & INFINITY) != INFINITY) {
                assertThat((double) Float16.toFloat((short) bits))
                        .as("%04x", bits)
                        .isEqualTo(value(bits));
            }
        }
    }

    @Test
    void every_pattern_but_nan_survives_a_round_trip() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            if ((bits & 0x7fff) <= INFINITY) {
                assertThat(half(Float16.toFloat((short) bits))).as("%04x", bits).isEqualTo(bits);
            }
        }
    }

    @Test
    void every_nan_pattern_stays_a_nan_of_its_sign() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            if ((bits & 0x7fff) > INFINITY) {
                float wide = Float16.toFloat((short) bits);
                assertThat(wide).as("%04x", bits).isNaN();
                assertThat(half(wide) & 0x7fff).as("%04x", bits).isGreaterThan(INFINITY);
                assertThat(half(wide) & 0x8000).as("%04x", bits).isEqualTo(bits & 0x8000);
            }
        }
    }

    @Test
    void a_float_nan_whose_payload_would_be_cut_off_stays_nan() {
        assertThat(half(Float.intBitsToFloat(0x7f800001)) & 0x7fff).isGreaterThan(INFINITY);
        assertThat(half(Float.intBitsToFloat(0xff800001)) & 0x7fff).isGreaterThan(INFINITY);
    }

    @Test
    void the_midpoint_of_two_neighbours_rounds_to_the_even_one_and_its_neighbours_to_theirs() {
        for (int lower = 0; lower < INFINITY - 1; lower++) {
            float middle = (float) ((value(lower) + value(lower + 1)) / 2);
            assertThat(half(middle)).as("%04x", lower).isEqualTo(lower + (lower & 1));
            assertThat(half(Math.nextDown(middle))).as("%04x", lower).isEqualTo(lower);
            assertThat(half(Math.nextUp(middle))).as("%04x", lower).isEqualTo(lower + 1);
            assertThat(half(-middle)).as("-%04x", lower).isEqualTo(0x8000 | lower + (lower & 1));
        }
    }

    @Test
    void becomes_infinite_from_65520_on() {
        assertThat(Float16.toFloat(Float16.fromFloat(Math.nextDown(65520f)))).isEqualTo(Float16.MAX);
        assertThat(half(65520f)).isEqualTo(INFINITY);
        assertThat(half(-65520f)).isEqualTo(0x8000 | INFINITY);
        assertThat(half(Float.MAX_VALUE)).isEqualTo(INFINITY);
        assertThat(half(Float.POSITIVE_INFINITY)).isEqualTo(INFINITY);
        assertThat(half(Float.NEGATIVE_INFINITY)).isEqualTo(0x8000 | INFINITY);
    }

    @Test
    void numbers_too_small_become_zero_of_their_sign() {
        assertThat(half(Float.MIN_VALUE)).isZero();
        assertThat(half(-Float.MIN_VALUE)).isEqualTo(0x8000);
        assertThat(half(-0f)).isEqualTo(0x8000);
    }
}
