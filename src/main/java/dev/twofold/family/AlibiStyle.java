package dev.twofold.family;

/**
 * Positions by a bias on scores, a slope for each head.
 *
 * @param exponent the exponent of the last slope, {@code 2^-exponent}
 * @param scaled whether biases are scaled as scores are
 * @param rounded whether they are numbers of bfloat16
 */
public record AlibiStyle(double exponent, boolean scaled, boolean rounded) {

    /** Slopes that are all zero. */
    static final AlibiStyle ABSENT = new AlibiStyle(Double.POSITIVE_INFINITY, false, false);

    public AlibiStyle {
        if (!(exponent > 0)) {
            throw new IllegalArgumentException("alibi.exponent is no positive number: " + exponent);
        }
    }

    public boolean isPresent() {
        return Double.isFinite(exponent);
    }
}
