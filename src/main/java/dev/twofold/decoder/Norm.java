package dev.twofold.decoder;

import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Filled;

/**
 * RMSNorm: {@code n(x) = x / sqrt(mean(x^2) + epsilon) * gain}, over the last axis (Zhang and Sennrich, 2019).
 *
 * @param gain a vector as long as that axis
 */
public record Norm(Weight gain, double epsilon) {

    /** The same norm with a gain of one: {@code unit(x)} in the design's formulas. */
    public Norm unit() {
        return new Norm(new Filled(Shape.of(gain.shape().dim(0)), 1f), epsilon);
    }

    public boolean isUnit() {
        return gain instanceof Filled filled && filled.value() == 1f;
    }
}
