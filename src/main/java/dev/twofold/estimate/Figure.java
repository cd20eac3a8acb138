package dev.twofold.estimate;

/**
 * A number with its origin.
 *
 * @param value above zero, or zero where something costs nothing
 * @param source the datasheet or the measurement that says so
 */
public record Figure(double value, String source) {

    /** What no hardware has in any of the units here, and what no time is worth counting. */
    private static final double LARGEST = 1e9;

    private static final double SMALLEST = 1e-6;

    public Figure {
        if (value != 0 && !(value >= SMALLEST && value <= LARGEST)) {
            throw new IllegalArgumentException(
                    "a figure should be zero, or " + SMALLEST + " to " + LARGEST + ", not " + value);
        }
        if (source.isBlank()) {
            throw new IllegalArgumentException("a figure should say where it is from");
        }
    }

    /** @param name what is wrong if the figure is zero */
    Figure positive(String name) {
        if (value == 0) {
            throw new IllegalArgumentException(name + " should be above zero");
        }
        return this;
    }

    /** @param name what is wrong if the figure is not above zero and at most one */
    Figure share(String name) {
        positive(name);
        if (value > 1) {
            throw new IllegalArgumentException(name + " should be at most 1, the whole");
        }
        return this;
    }
}
