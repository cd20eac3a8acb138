package dev.twofold.source.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.decoder.Latent;
import dev.twofold.decoder.Norm;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight.Filled;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What projections read: latents, and what looks like one. */
final class LatentSourceTest {

    private final Sketch sketch = new Sketch(Interpreter.rules());
    private final Value narrow = sketch.computed(1);

    private Value normed(Value x) {
        return sketch.values().of(new Term.Normed(x, Norm.rms(new Filled(Shape.of(x.width()), 1), 1e-6)));
    }

    private Value part(long from, long to) {
        return sketch.values().part(narrow, from, to);
    }

    private Value joined(Value... parts) {
        return sketch.values().of(new Term.Joined(List.of(parts)));
    }

    @Test
    void a_norm_of_a_projection_is_a_latent() {
        LatentSource source = LatentSource.of(normed(narrow));
        assertThat(source.latent()).map(Latent::width).contains(8L);
        assertThat(source.latent()).map(Latent::normed).contains(8L);
        assertThat(source.input().term()).isInstanceOf(Term.Rows.class);
    }

    @Test
    void the_rest_of_a_projection_may_stand_beside_its_norm() {
        LatentSource source = LatentSource.of(joined(normed(part(0, 6)), part(6, 8)));
        assertThat(source.latent()).map(Latent::width).contains(8L);
        assertThat(source.latent()).map(Latent::normed).contains(6L);
    }

    @Test
    void a_norm_of_the_stream_is_none() {
        Value stream = sketch.values().of("Add", narrow, sketch.computed(2));
        assertThat(LatentSource.of(normed(stream)).latent()).isEmpty();
    }

    @Test
    void parts_that_are_not_the_whole_in_its_order_are_none() {
        assertThat(List.of(
                        joined(normed(part(0, 6)), part(5, 8)),
                        joined(normed(part(0, 6)), part(6, 7)),
                        joined(normed(part(1, 6)), part(6, 8)),
                        joined(part(6, 8), normed(part(0, 6))),
                        joined(normed(part(0, 6)), normed(part(6, 8))),
                        joined(normed(part(0, 6)), sketch.values().part(sketch.computed(2), 6, 8))))
                .allSatisfy(value -> {
                    LatentSource source = LatentSource.of(value);
                    assertThat(source.latent()).isEmpty();
                    assertThat(source.input()).isSameAs(value);
                });
    }
}
