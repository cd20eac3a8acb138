package dev.twofold.source.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.weight.Weight;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ProjectionsTest {

    private final Sketch sketch = new Sketch(List.of());

    @Test
    void what_is_scaled_joined_and_cut_again_is_one_projection() {
        Value product = sketch.computed(1);
        Value joined = sketch.values().of(new Term.Joined(List.of(product, product)));
        Value scaled = sketch.values().of(new Term.Scaled(joined, 0.5));
        Value part = sketch.values().part(scaled, Sketch.WIDTH, 2 * Sketch.WIDTH);
        Weight weight = Projections.of(part).orElseThrow().linear().weight();
        assertThat(weight.shape().dim(0)).isEqualTo(Sketch.WIDTH);
    }

    @Test
    void a_value_that_doubles_itself_forty_times_is_none() {
        Value value = sketch.computed(1);
        for (int i = 0; i < 40; i++) {
            value = sketch.values().of(new Term.Joined(List.of(value, value)));
        }
        assertThat(Projections.of(value)).isEmpty();
    }

    @Test
    void a_value_that_is_scaled_fifty_thousand_times_is_none() {
        Value value = sketch.computed(1);
        for (int i = 0; i < 50_000; i++) {
            value = sketch.values().of(new Term.Scaled(value, 0.99));
        }
        assertThat(Projections.of(value)).isEmpty();
    }
}
