package dev.twofold.decoder;

import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Computed;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Rotary positions (Su et al., 2021): the first elements of a head are taken two by two, and pair i turns by {@code
 * position * frequency(i)}; the rest stays as it is.
 *
 * @param theta the base of the frequencies
 * @param width number of elements of a head that turn, even
 * @param interleaved whether a pair is two neighbours, or an element of each half
 * @param scaling how the frequencies are stretched for longer contexts
 * @param positions number of positions, the context length
 */
public record Rotary(double theta, int width, boolean interleaved, Scaling scaling, int positions) {

    /** The same of at most so many positions. */
    public Rotary upTo(int most) {
        return new Rotary(theta, width, interleaved, scaling, Math.min(positions, most));
    }

    /** A change to the frequencies. */
    public sealed interface Scaling {
        /** The scaled frequency of pair {@code element}, in radians a position. */
        double apply(double frequency, int element);

        /** What cosines and sines are multiplied by. */
        default double magnitude() {
            return 1;
        }
    }

    /** The frequencies as they are. */
    public record Unscaled() implements Scaling {
        @Override
        public double apply(double frequency, int element) {
            return frequency;
        }
    }

    /** Position interpolation: every frequency divided by {@code factor} (Chen et al., 2023). */
    public record LinearScaling(double factor) implements Scaling {
        @Override
        public double apply(double frequency, int element) {
            return frequency / factor;
        }
    }

    /**
     * The scaling of Llama 3.1: wavelengths above {@code originalPositions / lowFactor} are stretched by {@code factor},
     * those below {@code originalPositions / highFactor} are kept, and those between are blended. The factors may be equal, as in
     * Llama 4; then there is nothing between.
     */
    public record Llama3Scaling(double factor, double lowFactor, double highFactor, int originalPositions)
            implements Scaling {
        @Override
        public double apply(double frequency, int element) {
            double turns = originalPositions * frequency / (2 * Math.PI);
            if (turns <= lowFactor) {
                return frequency / factor;
            } else if (turns > highFactor) {
                return frequency;
            }
            double kept = (turns - lowFactor) / (highFactor - lowFactor);
            return (1 - kept) * frequency / factor + kept * frequency;
        }
    }

    /**
     * YaRN (Peng et al., 2023): pairs up to {@code low} keep their frequency, those from {@code high} on are divided by
     * {@code factor}, and those between are blended.
     */
    public record YarnScaling(double factor, double low, double high, double magnitude) implements Scaling {
        @Override
        public double apply(double frequency, int element) {
            double stretched = Math.min(1, Math.max(0, (element - low) / (high - low)));
            return (1 - stretched) * frequency + stretched * frequency / factor;
        }
    }

    /**
     * LongRoPE (Ding et al., 2024): within one of its two ranges, every frequency divided by a factor of its own.
     *
     * @param positions the end of that range
     * @param beyond the factors that all positions of a longer text have instead, for runtimes that can choose; empty if there
     *     are none, or none are known
     */
    public record LongRopeScaling(List<Double> factors, double magnitude, int positions, List<Double> beyond)
            implements Scaling {
        public LongRopeScaling {
            factors = List.copyOf(factors);
            beyond = List.copyOf(beyond);
        }

        /** The one range that is known. */
        public LongRopeScaling(List<Double> factors, double magnitude, int positions) {
            this(factors, magnitude, positions, List.of());
        }

        @Override
        public double apply(double frequency, int element) {
            return frequency / factors.get(element);
        }
    }

    /** Whether it is known how longer texts are turned, beside those of the context. */
    public boolean hasBothRanges() {
        return scaling instanceof LongRopeScaling range && !range.beyond().isEmpty();
    }

    /** Without what longer texts would have, for models that turn all texts alike. */
    public Rotary withOneRange() {
        return scaling instanceof LongRopeScaling range
                ? new Rotary(
                        theta,
                        width,
                        interleaved,
                        new LongRopeScaling(range.factors(), range.magnitude(), range.positions()),
                        positions)
                : this;
    }

    /** Cosines, {@code [positions, width / 2]}. */
    public Weight cosines() {
        return table(true);
    }

    /** Sines, {@code [positions, width / 2]}. */
    public Weight sines() {
        return table(false);
    }

    /** How fast a pair of elements turns, in radians a position. */
    public double frequency(int pair) {
        return scaling.apply(Math.pow(theta, -2.0 * pair / width), pair);
    }

    private Weight table(boolean cosine) {
        double[] frequencies =
                IntStream.range(0, width / 2).mapToDouble(this::frequency).toArray();
        RotaryTable table = new RotaryTable(frequencies, positions, cosine, scaling.magnitude());
        return new Computed(Shape.of(positions, width / 2), table);
    }
}
