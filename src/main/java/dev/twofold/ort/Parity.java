package dev.twofold.ort;

/**
 * How far a graph's logits are from those of the plain reference of the same plan. A matter of rounding and of our
 * mistakes, never of what layer parallelism costs.
 *
 * @param maxAbsolute largest difference of two logits
 * @param maxRelative largest difference of two logits, over the largest logit of its token
 */
public record Parity(double maxAbsolute, double maxRelative) {

    static final Parity NONE = new Parity(0, 0);

    /** The parity of one token: {@code count} logits from {@code actualFrom} and {@code expectedFrom} on. */
    static Parity of(float[] actual, int actualFrom, float[] expected, int expectedFrom, int count) {
        double difference = 0;
        double largest = 0;
        for (int i = 0; i < count; i++) {
            double gap = Math.abs((double) actual[actualFrom + i] - expected[expectedFrom + i]);
            // A NaN compares false with everything and would otherwise pass for no difference.
            difference = Double.isNaN(gap) ? Double.POSITIVE_INFINITY : Math.max(difference, gap);
            largest = Math.max(largest, Math.abs(expected[expectedFrom + i]));
        }
        return new Parity(difference, largest == 0 ? difference : difference / largest);
    }

    /** The worse of the two. */
    Parity and(Parity other) {
        return new Parity(Math.max(maxAbsolute, other.maxAbsolute), Math.max(maxRelative, other.maxRelative));
    }
}
