package dev.twofold.passes.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.twofold.layers.LayerWindow;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LayerChoiceTest {

    private static List<Integer> of(LayerChoice choice, int layers) {
        return IntStream.range(0, layers)
                .filter(layer -> choice.contains(layer, layers))
                .boxed()
                .toList();
    }

    /** What the GenAI builder gives 8 bits of the 30 layers of SmolLM2-135M with k_quant_mixed. */
    @Test
    void the_mixed_layers_are_those_of_the_genai_builder() {
        LayerChoice choice = MixFile.shipped("mixed").places().get(1).layers();
        assertThat(choice).isNotNull();
        assertThat(of(choice, 30)).containsExactly(0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29);
    }

    @Test
    void windows_hold_their_layers_whatever_the_model() {
        LayerChoice choice = new LayerChoice(null, null, List.of(new LayerWindow(1, 3), new LayerWindow(6, 7)));
        assertThat(of(choice, 16)).containsExactly(1, 2, 6);
    }

    @Test
    void every_second_is_the_second_of_two() {
        assertThat(of(new LayerChoice(null, 2, null), 5)).containsExactly(1, 3);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 0.6, Double.NaN})
    void a_share_is_at_most_a_half(double ends) {
        assertThatThrownBy(() -> new LayerChoice(ends, null, null)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void it_says_something() {
        assertThatThrownBy(() -> new LayerChoice(null, null, null)).isInstanceOf(IllegalArgumentException.class);
    }
}
