package dev.twofold.source.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.decoder.Temperature;
import dev.twofold.disk.MappedFiles;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.WeightEvaluator;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tables of temperatures, back to what they were made of. */
final class TemperatureFitTest {

    private final TemperatureFit fit = new TemperatureFit(new WeightEvaluator(new MappedFiles()));

    static Stream<Temperature> known() {
        return Stream.of(
                new Temperature(0.1, 16384, 0, 262144),
                new Temperature(0.1, 8192, 1, 40000),
                new Temperature(0.37, 8, 0, 64),
                new Temperature(2.125, 5, 1, 23));
    }

    @ParameterizedTest
    @MethodSource("known")
    void the_weight_and_the_step_come_back_exactly(Temperature temperature) {
        assertThat(fit.of(temperature.table())).contains(temperature);
    }

    /** {@code [64, 1]} of a function of the position. */
    private static Weight table(IntToDoubleFunction made) {
        return new Weight.Computed(Shape.of(64, 1), new Weight.Rows() {
            @Override
            public String name() {
                return "numbers";
            }

            @Override
            public void fill(long row, float[] values) {
                values[0] = (float) made.applyAsDouble((int) row);
            }
        });
    }

    @Test
    void tables_of_other_numbers_are_not_explained() {
        Temperature near = new Temperature(0.1, 8, 0, 64);
        assertThat(fit.of(table(position -> 1 + 0.1 * (position / 8)))).isEmpty();
        assertThat(fit.of(table(position -> near.at(position) + (position == 40 ? 1e-5 : 0))))
                .isEmpty();
        assertThat(fit.of(table(position -> 2 * near.at(position)))).isEmpty();
        assertThat(fit.of(table(position -> 2 - near.at(position)))).isEmpty();
        assertThat(fit.of(table(position -> 1))).isEmpty();
    }
}
