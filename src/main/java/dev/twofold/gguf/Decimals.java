package dev.twofold.gguf;

import java.math.BigDecimal;
import java.math.MathContext;

/** Numbers that people wrote in decimals, and files keep in float32. */
public final class Decimals {

    /** Enough to tell any two floats apart. */
    private static final int MOST_DIGITS = 9;

    private Decimals() {}

    /** The number of fewest digits that rounds to a float; one that is no number or infinite stays so. */
    public static double shortest(float value) {
        if (!Float.isFinite(value)) {
            return value;
        }
        BigDecimal exact = new BigDecimal(value);
        for (int digits = 1; digits < MOST_DIGITS; digits++) {
            BigDecimal rounded = exact.round(new MathContext(digits));
            if (rounded.floatValue() == value) {
                return rounded.doubleValue();
            }
        }
        return exact.round(new MathContext(MOST_DIGITS)).doubleValue();
    }
}
