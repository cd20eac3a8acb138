package dev.twofold.tensor;

/** bfloat16, the upper half of a float, as raw bits in a {@code short}. */
public final class BFloat16 {

    /** The largest finite value. */
    public static final float MAX = 0x1.fep127f;

    private BFloat16() {}

    /** Rounds to nearest, ties to even; NaN stays NaN. */
    public static short fromFloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        if ((bits & 0x7fffffff) > 0x7f800000) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }

    /** Exact. */
    public static float toFloat(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }
}
