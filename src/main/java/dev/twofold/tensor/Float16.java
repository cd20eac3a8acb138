package dev.twofold.tensor;

/** IEEE 754 binary16, as raw bits in a {@code short}. */
public final class Float16 {

    /** The largest finite value. A float at or above 65520 rounds to infinity. */
    public static final float MAX = 65504f;

    private static final float SMALLEST_NORMAL = 0x1p-14f;
    /** Adding it to a float below 2^-14 leaves that float, rounded to a multiple of 2^-24, in the low bits. */
    private static final float SUBNORMAL_MAGIC = 0.5f;

    private static final int SUBNORMAL_MAGIC_BITS = Float.floatToRawIntBits(SUBNORMAL_MAGIC);

    private Float16() {}

    /** Rounds to nearest, ties to even; out of range becomes infinity, NaN stays NaN. */
    public static short fromFloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        int magnitude = bits & 0x7fffffff;
        if (magnitude >= 0x47800000) {
            return (short) (sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00));
        }
        if (magnitude < 0x38800000) {
            float aligned = Float.intBitsToFloat(magnitude) + SUBNORMAL_MAGIC;
            return (short) (sign | (Float.floatToRawIntBits(aligned) - SUBNORMAL_MAGIC_BITS));
        }
        int even = magnitude >>> 13 & 1;
        return (short) (sign | (magnitude - (112 << 23) + 0xfff + even) >>> 13);
    }

    /** Exact. */
    public static float toFloat(short half) {
        int sign = (half & 0x8000) << 16;
        int exponent = half >>> 10 & 0x1f;
        int fraction = half & 0x3ff;
        if (exponent == 0) {
            float magnitude = fraction * (SMALLEST_NORMAL / 1024);
            return sign == 0 ? magnitude : -magnitude;
        }
        int wide = exponent == 0x1f ? 0xff : exponent + 112;
        return Float.intBitsToFloat(sign | wide << 23 | fraction << 13);
    }
}
