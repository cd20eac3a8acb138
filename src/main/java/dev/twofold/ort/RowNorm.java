package dev.twofold.ort;

import dev.twofold.decoder.Norm;
import dev.twofold.weight.Weight;
import java.util.Optional;
import java.util.function.Function;

/**
 * A norm of rows in memory, with sums in float64.
 *
 * @param layer whether their mean is taken off first
 */
record RowNorm(boolean layer, double epsilon, float[] gain, Optional<float[]> bias) {

    static RowNorm of(Norm norm, Function<Weight, float[]> values) {
        boolean layer = norm.kind() == Norm.Kind.LAYER;
        return new RowNorm(
                layer, norm.epsilon(), values.apply(norm.gain()), norm.bias().map(values));
    }

    /** @param rows as many elements each as the gain has, which the normalized ones take the place of */
    void apply(float[] rows) {
        for (int row = 0; row < rows.length; row += gain.length) {
            applyOne(rows, row);
        }
    }

    private void applyOne(float[] rows, int from) {
        double mean = 0;
        for (int i = 0; layer && i < gain.length; i++) {
            mean += rows[from + i] / (double) gain.length;
        }
        double variance = 0;
        for (int i = 0; i < gain.length; i++) {
            double apart = rows[from + i] - mean;
            variance += apart * apart / gain.length;
        }
        double length = Math.sqrt(variance + epsilon);
        for (int i = 0; i < gain.length; i++) {
            double unit = (rows[from + i] - mean) / length;
            rows[from + i] = (float) (unit * gain[i] + (bias.isPresent() ? bias.get()[i] : 0));
        }
    }
}
