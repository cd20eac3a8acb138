package dev.twofold.decoder;

import dev.twofold.tensor.BFloat16;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Computed;

/**
 * Positions by a bias on scores (ALiBi; Press et al., 2022): the further back a key is, the less it gets, by a slope of each head. Slopes
 * are {@code 2^-(exponent / n), 2^-(2 exponent / n), ..., 2^-exponent} for {@code n} heads, where {@code n} is a power of two; heads beyond a power
 * of two have those between, from the first on.
 *
 * @param positions that scores are known for, the context length
 * @param exponent the exponent of the last slope
 * @param factor what biases are multiplied by: the scale of scores where it counts for them, too
 * @param rounded whether slopes, positions and their product are numbers of bfloat16, as in Falcon
 */
public record Alibi(int heads, int positions, double exponent, double factor, boolean rounded) {

    /** What a key gets at each position, {@code [heads, positions]}, as {@link HeadScores} has it. */
    public Weight ramps() {
        return new Computed(Shape.of(heads, positions), new Ramps(this));
    }

    double slope(long head) {
        int power = Integer.highestOneBit(heads);
        double place = head < power ? head + 1 : head - power + 0.5;
        return Math.pow(2, -exponent * place / power);
    }

    private float at(double slope, int position) {
        double raised = rounded ? nearest(nearest(slope) * nearest(position)) : slope * position;
        return (float) (raised * factor);
    }

    private static double nearest(double value) {
        return BFloat16.toFloat(BFloat16.fromFloat((float) value));
    }

    private record Ramps(Alibi alibi) implements Weight.Rows {

        @Override
        public String name() {
            return "biases of scores by position";
        }

        @Override
        public void fill(long head, float[] values) {
            double slope = alibi.slope(head);
            for (int position = 0; position < values.length; position++) {
                values[position] = alibi.at(slope, position);
            }
        }
    }
}
