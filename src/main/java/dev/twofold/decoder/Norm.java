package dev.twofold.decoder;

import dev.twofold.diag.PlainName;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Filled;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A normalization over the last axis: {@code n(x) = unit(x) * gain + bias}.
 *
 * @param gain a vector as long as that axis
 * @param bias another, if there is one
 * @param epsilon added to the mean square or the variance
 */
public record Norm(Kind kind, Weight gain, Optional<Weight> bias, double epsilon) {

    /** What {@code unit(x)} is. */
    public enum Kind {
        /** {@code x / sqrt(mean(x^2) + epsilon)} (Zhang and Sennrich, 2019). */
        RMS,
        /** {@code (x - mean(x)) / sqrt(variance(x) + epsilon)} (Ba, Kiros and Hinton, 2016). */
        LAYER;

        @Override
        public String toString() {
            return PlainName.of(this);
        }
    }

    public static Norm rms(Weight gain, double epsilon) {
        return new Norm(Kind.RMS, gain, Optional.empty(), epsilon);
    }

    /** The same norm with a gain of one and no bias: {@code unit(x)} in the design's formulas. */
    public Norm unit() {
        return withGain(unitGain(gain.shape().dim(0)), Optional.empty());
    }

    public boolean isUnit() {
        return gain instanceof Filled filled && filled.value() == 1f && bias.isEmpty();
    }

    public Norm withGain(Weight otherGain, Optional<Weight> otherBias) {
        return new Norm(kind, otherGain, otherBias, epsilon);
    }

    /** Gain and, if there is one, bias. */
    public Stream<Weight> weights() {
        return Stream.concat(Stream.of(gain), bias.stream());
    }

    /** A gain of one. */
    public static Weight unitGain(long size) {
        return new Filled(Shape.of(size), 1f);
    }
}
