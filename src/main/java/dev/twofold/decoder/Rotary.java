package dev.twofold.decoder;

import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Computed;
import java.util.stream.IntStream;

/**
 * Rotary positions (Su et al., 2021): element i of each half of a head turns by {@code position * frequency(i)}.
 *
 * @param theta the base of the frequencies
 * @param headSize width of one attention head, even
 * @param scaling how the frequencies are stretched for longer contexts
 * @param positions number of positions, the context length
 */
public record Rotary(double theta, int headSize, Scaling scaling, int positions) {

    /** A change to the frequencies. */
    public sealed interface Scaling {

        /** The scaled frequency, in radians a position. */
        double apply(double frequency);
    }

    /** The frequencies as they are. */
    public record Unscaled() implements Scaling {
        @Override
        public double apply(double frequency) {
            return frequency;
        }
    }

    /** Position interpolation: every frequency divided by {@code factor} (Chen et al., 2023). */
    public record LinearScaling(double factor) implements Scaling {
        @Override
        public double apply(double frequency) {
            return frequency / factor;
        }
    }

    /**
     * The scaling of Llama 3.1: wavelengths above {@code originalPositions / lowFactor} are stretched by {@code factor},
     * those below {@code originalPositions / highFactor} are kept, and those between are blended.
     */
    public record Llama3Scaling(double factor, double lowFactor, double highFactor, int originalPositions)
            implements Scaling {
        @Override
        public double apply(double frequency) {
            double turns = originalPositions * frequency / (2 * Math.PI);
            if (turns < lowFactor) {
                return frequency / factor;
            } else if (turns > highFactor) {
                return frequency;
            }
            double kept = (turns - lowFactor) / (highFactor - lowFactor);
            return (1 - kept) * frequency / factor + kept * frequency;
        }
    }

    /** Cosines, {@code [positions, headSize / 2]}. */
    public Weight cosines() {
        return table(true);
    }

    /** Sines, {@code [positions, headSize / 2]}. */
    public Weight sines() {
        return table(false);
    }

    private Weight table(boolean cosine) {
        double[] frequencies = IntStream.range(0, headSize / 2)
                .mapToDouble(i -> scaling.apply(Math.pow(theta, -2.0 * i / headSize)))
                .toArray();
        return new Computed(Shape.of(positions, headSize / 2), new RotaryTable(frequencies, positions, cosine));
    }
}
