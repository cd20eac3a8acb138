package dev.twofold.source.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Which layers branches are of, where nothing but their order and their caches says it. */
final class LayersTest {

    private static final String FEED_FORWARD = "";

    /** @param branches what each attends to the past by; of a feed-forward nothing */
    private static List<List<Integer>> layers(List<String> inputs, String... branches) {
        Sketch sketch = new Sketch(Interpreter.rules());
        List<Found> found = Stream.of(branches)
                .map(cache -> new Found(
                        sketch.computed(1),
                        Optional.empty(),
                        sketch.computed(2),
                        cache.equals(FEED_FORWARD) ? List.of() : List.of(cache),
                        layers -> {
                            throw new IllegalStateException("nobody makes it");
                        },
                        Optional.empty()))
                .toList();
        ModelGraph graph =
                new ModelGraph(Path.of("model.onnx"), "pytorch", List.of(), Map.of(), inputs, List.of(), List.of());
        Layers layers = new Layers(graph, found);
        return found.stream().map(layers::of).toList();
    }

    @Test
    void feed_forwards_that_are_added_before_their_attentions_are_of_the_same_layers() {
        assertThat(layers(List.of("a", "b"), FEED_FORWARD, "a", FEED_FORWARD, "b"))
                .containsExactly(List.of(0), List.of(0), List.of(1), List.of(1));
    }

    @Test
    void one_feed_forward_may_stand_for_the_layers_of_two_attentions() {
        assertThat(layers(List.of("a", "b"), "a", "b", FEED_FORWARD))
                .containsExactly(List.of(0), List.of(1), List.of(0, 1));
    }

    @Test
    void attentions_without_caches_are_numbered_as_they_follow_one_another() {
        assertThat(layers(List.of(), "first", FEED_FORWARD, "second", FEED_FORWARD))
                .containsExactly(List.of(0), List.of(0), List.of(1), List.of(1));
    }
}
