package dev.twofold.weight;

import dev.twofold.tensor.DType;

/** Numbers of one byte. */
final class SmallNumbers {

    private static final float[] E4M3 = table(3, 7, false);
    private static final float[] E5M2 = table(2, 15, true);

    private SmallNumbers() {}

    static float toFloat(DType type, byte code) {
        return switch (type) {
            case F8_E4M3 -> E4M3[code & 0xff];
            case F8_E5M2 -> E5M2[code & 0xff];
            case F8_E8M0 -> (float) Math.scalb(1.0, (code & 0xff) - 127);
            case U8 -> code & 0xff;
            case I8 -> code;
            default -> throw new IllegalStateException(type + " is no type of one byte that is read");
        };
    }

    /**
     * The numbers of all codes of an 8-bit float (Micikevicius et al., 2022).
     *
     * @param mantissa bits of it
     * @param infinite whether the largest exponent means infinity or no number, as in IEEE 754; else only the last code of
     *     each sign is no number
     */
    private static float[] table(int mantissa, int bias, boolean infinite) {
        float[] numbers = new float[256];
        int last = (1 << 7 - mantissa) - 1;
        for (int code = 0; code < numbers.length; code++) {
            int exponent = (code & 0x7f) >> mantissa;
            int fraction = code & (1 << mantissa) - 1;
            double size = exponent == 0
                    ? Math.scalb((double) fraction, 1 - bias - mantissa)
                    : Math.scalb((double) (fraction + (1 << mantissa)), exponent - bias - mantissa);
            if (infinite && exponent == last) {
                size = fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
            } else if (!infinite && (code & 0x7f) == 0x7f) {
                size = Double.NaN;
            }
            numbers[code] = (float) (code < 128 ? size : -size);
        }
        return numbers;
    }
}
