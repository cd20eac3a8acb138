package dev.twofold.estimate;

/**
 * A number with its origin.
 *
 * @param value above zero, or zero where something costs nothing
 * @param source the datasheet or the measurement that says so
 */
public record Figure(double value, String source) {

    public Figure {
        if (!Double.isFinite(value) || value < 0) {
            throw new IllegalArgumentException("a figure should be zero or more, not " + value);
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
