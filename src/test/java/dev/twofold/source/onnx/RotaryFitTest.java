package dev.twofold.source.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.decoder.Rotary;
import dev.twofold.decoder.Rotary.LinearScaling;
import dev.twofold.decoder.Rotary.Llama3Scaling;
import dev.twofold.decoder.Rotary.LongRopeScaling;
import dev.twofold.decoder.Rotary.Unscaled;
import dev.twofold.decoder.Rotary.YarnScaling;
import dev.twofold.disk.MappedFiles;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.WeightEvaluator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tables of rotary positions, back to what they were made of. */
final class RotaryFitTest {

    private final WeightEvaluator numbers = new WeightEvaluator(new MappedFiles());

    static Stream<Rotary> known() {
        return Stream.of(
                new Rotary(10000, 64, false, new Unscaled(), 2048),
                new Rotary(500000, 128, false, new Unscaled(), 8192),
                new Rotary(1000000, 32, true, new Unscaled(), 512),
                new Rotary(26214.4, 96, false, new Unscaled(), 4096),
                new Rotary(10000, 128, false, new LinearScaling(4), 4096),
                new Rotary(500000, 64, false, new Llama3Scaling(32, 1, 4, 8192), 16384),
                new Rotary(500000, 128, false, new Llama3Scaling(8, 1, 4, 8192), 8192));
    }

    @ParameterizedTest
    @MethodSource("known")
    void the_base_and_the_scaling_come_back_exactly(Rotary rotary) {
        assertThat(fit(rotary.cosines(), rotary.sines(), rotary.interleaved())).contains(rotary);
    }

    @Test
    void a_factor_for_each_pair_is_what_is_left_of_other_scalings() {
        Rotary yarn = new Rotary(10000, 64, false, new YarnScaling(4, 8, 20, 1.25), 1024);
        Rotary found = fit(yarn.cosines(), yarn.sines(), false).orElseThrow();
        assertThat(found.scaling()).isInstanceOf(LongRopeScaling.class);
        assertThat(found.scaling().magnitude()).isEqualTo(1.25);
        for (int pair = 0; pair < 32; pair++) {
            assertThat(found.frequency(pair) / yarn.frequency(pair)).isBetween(1 - 1e-6, 1 + 1e-6);
        }
    }

    @Test
    void tables_of_other_numbers_are_not_explained() {
        Random random = new Random(1);
        Weight noise = new Weight.Computed(Shape.of(256, 16), new Weight.Rows() {
            @Override
            public String name() {
                return "noise";
            }

            @Override
            public void fill(long row, float[] values) {
                for (int i = 0; i < values.length; i++) {
                    values[i] = row == 0 ? 1 : random.nextFloat();
                }
            }
        });
        assertThat(fit(noise, noise, false)).isEmpty();
    }

    @Test
    void sines_in_place_of_cosines_are_not_explained() {
        Rotary rotary = new Rotary(10000, 32, false, new Unscaled(), 256);
        assertThat(fit(rotary.sines(), rotary.cosines(), false)).isEmpty();
    }

    @Test
    void tables_of_slightly_other_frequencies_are_not_those_of_a_base() {
        Rotary rotary = new Rotary(10000, 32, false, new Unscaled(), 256);
        Rotary other = new Rotary(10010, 32, false, new Unscaled(), 256);
        RotaryRows rows =
                RotaryRows.read(new Turn(rotary.cosines(), rotary.sines(), false), rotary.positions(), numbers);
        assertThat(rows.fit(rotary)).isTrue();
        assertThat(rows.fit(other)).isFalse();
        assertThat(rows.fit(new Rotary(
                        10000,
                        32,
                        false,
                        new LongRopeScaling(
                                List.of(
                                        1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0,
                                        1.01),
                                1,
                                256),
                        256)))
                .isFalse();
    }

    private Optional<Rotary> fit(Weight cosines, Weight sines, boolean interleaved) {
        RotaryRows rows = RotaryRows.read(
                new Turn(cosines, sines, interleaved), (int) cosines.shape().dim(0), numbers);
        return RotaryFit.of(rows, (int) (2 * cosines.shape().dim(1)), interleaved, (int)
                cosines.shape().dim(0));
    }
}
