package dev.twofold.family;

/**
 * Positions by a bias on scores, a slope for each head.
 *
 * @param steepest the exponent of the last slope, {@code 2^-steepest}
 * @param scaled whether biases are scaled as scores are
 * @param rounded whether they are numbers of bfloat16
 */
public record AlibiStyle(double steepest, boolean scaled, boolean rounded) {
    static final AlibiStyle ABSENT = new AlibiStyle(1, false, false);

    public AlibiStyle {
        if (!(steepest > 0 && Double.isFinite(steepest))) {
            throw new IllegalArgumentException("alibi.steepest is no positive number: " + steepest);
        }
    }

    public boolean isPresent() {
        return !this.equals(ABSENT);
    }
}
