package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.families.TinyFamilies.Golden;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The float64 references against what transformers makes of the same checkpoints. */
final class ReferenceTest {

    static Stream<String> families() {
        return TinyFamilies.names().stream();
    }

    static Stream<String> checkpoints() {
        return Stream.concat(families(), TinyFamilies.VARIANTS.stream());
    }

    @ParameterizedTest
    @MethodSource("checkpoints")
    void gives_the_logits_of_transformers(String name) {
        assertThat(distance(name, TinyFamilies.golden(name))).isLessThan(1e-5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"phi3-longrope", "phi4-mini", "variants/minicpm3-longrope"})
    void gives_the_logits_of_transformers_past_the_short_range_of_longrope(String name) {
        assertThat(distance(name, TinyFamilies.longGolden(name))).isLessThan(1e-5);
    }

    @ParameterizedTest
    @MethodSource("families")
    void side_by_side_is_another_model(String name) {
        Reference reference = Reference.of(TinyFamilies.checkpoint(name));
        int[] tokens = TinyFamilies.golden(name).tokens()[0];
        double[] base = reference.logits(tokens, reference.oneByOne())[tokens.length - 1];
        double[] paired = reference.logits(tokens, List.of(List.of(0, 1), List.of(2, 3)))[tokens.length - 1];
        assertThat(IntStream.range(0, base.length)
                        .mapToDouble(i -> Math.abs(paired[i] - base[i]))
                        .max()
                        .orElseThrow())
                .isGreaterThan(0.1);
    }

    private static double distance(String name, Golden golden) {
        Reference reference = Reference.of(TinyFamilies.checkpoint(name));
        double largest = 0;
        int next = 0;
        for (int[] row : golden.tokens()) {
            for (double[] token : reference.logits(row, reference.oneByOne())) {
                for (double logit : token) {
                    double gap = Math.abs(logit - golden.logits()[next++]);
                    largest = Double.isNaN(gap) ? Double.POSITIVE_INFINITY : Math.max(largest, gap);
                }
            }
        }
        assertThat(next).isEqualTo(golden.logits().length);
        return largest;
    }
}
