package dev.twofold.decoder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.weight.Weight.Computed;
import org.junit.jupiter.api.Test;

/** Slopes as published for powers of two, and between them for other numbers of heads. */
final class AlibiTest {

    private static final int POSITIONS = 1024;

    @Test
    void slopes_halve_from_a_half_on_where_there_are_eight_heads() {
        assertThat(row(new Alibi(8, POSITIONS, 8, 1, false), 0)[3]).isEqualTo(1.5f);
        assertThat(row(new Alibi(8, POSITIONS, 8, 1, false), 7)[256]).isEqualTo(1f);
    }

    @Test
    void heads_beyond_a_power_of_two_have_slopes_between_those_of_the_others() {
        Alibi six = new Alibi(6, POSITIONS, 8, 1, false);
        assertThat(row(six, 0)[4]).isEqualTo(1f);
        assertThat(row(six, 3)[256]).isEqualTo(1f);
        assertThat(row(six, 4)[4]).isEqualTo(2f);
        assertThat(row(six, 5)[8]).isEqualTo(1f);
    }

    /** 301 is no number of eight bits, nor is half of it. */
    @Test
    void what_is_rounded_has_eight_bits_before_it_is_scaled() {
        assertThat(row(new Alibi(8, POSITIONS, 8, 0.25, true), 0)[301]).isEqualTo(0.25f * 150);
        assertThat(row(new Alibi(8, POSITIONS, 8, 0.25, false), 0)[301]).isEqualTo(0.25f * 150.5f);
    }

    private static float[] row(Alibi alibi, long head) {
        float[] values = new float[POSITIONS];
        ((Computed) alibi.ramps()).rows().fill(head, values);
        return values;
    }
}
