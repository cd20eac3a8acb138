package dev.twofold.weight;

import dev.twofold.diag.PlainName;

/** Floats of four bits, by what each code stands for. */
public enum FourBits {
    /** Quantiles of a normal distribution (Dettmers et al., 2023), as bitsandbytes has them. */
    NF4(
            -1.0f,
            -0.6961928009986877f,
            -0.5250730514526367f,
            -0.39491748809814453f,
            -0.28444138169288635f,
            -0.18477343022823334f,
            -0.09105003625154495f,
            0.0f,
            0.07958029955625534f,
            0.16093020141124725f,
            0.24611230194568634f,
            0.33791524171829224f,
            0.44070982933044434f,
            0.5626170039176941f,
            0.7229568362236023f,
            1.0f),

    /** A sign, then the codes of bitsandbytes' own float, whose largest number is 1. */
    FP4(both(0f, 0.005208333333f, 0.66666667f, 1f, 0.33333333f, 0.5f, 0.16666667f, 0.25f)),

    /** A sign, two bits of exponent, one of fraction (OCP Microscaling Formats, 2023). */
    E2M1(both(0f, 0.5f, 1f, 1.5f, 2f, 3f, 4f, 6f));

    private final float[] numbers;

    FourBits(float... numbers) {
        this.numbers = numbers;
    }

    float number(int code) {
        return numbers[code];
    }

    private static float[] both(float... sizes) {
        float[] numbers = new float[2 * sizes.length];
        for (int code = 0; code < sizes.length; code++) {
            numbers[code] = sizes[code];
            numbers[sizes.length + code] = -sizes[code];
        }
        return numbers;
    }

    @Override
    public String toString() {
        return PlainName.of(this);
    }
}
