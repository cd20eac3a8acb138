package dev.twofold.passes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.layers.LayerRange;
import dev.twofold.layers.Place;
import dev.twofold.layers.Plan;
import dev.twofold.layers.StepRange;
import dev.twofold.passes.rewrite.PlanBlock;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class PlanBlockTest {

    private static List<String> blocks(int layers, String... places) {
        List<Place> parsed = Stream.of(places)
                .<Place>map(place -> place.contains("A") || place.contains("F")
                        ? StepRange.valueOf(place)
                        : LayerRange.valueOf(place))
                .toList();
        return PlanBlock.of(new Plan(layers, parsed)).stream()
                .map(block -> block.first() + "-" + block.last() + " " + block.places())
                .toList();
    }

    @Test
    void layers_without_a_place_are_blocks_by_themselves() {
        assertThat(blocks(3)).containsExactly("0-0 []", "1-1 []", "2-2 []");
        assertThat(blocks(4, "1-2")).containsExactly("0-0 []", "1-2 [1-2]", "3-3 []");
    }

    @Test
    void places_that_meet_in_a_layer_are_one_block() {
        assertThat(blocks(5, "1A-1F", "2A-2F"))
                .containsExactly("0-0 []", "1-1 [1A-1F]", "2-2 [2A-2F]", "3-3 []", "4-4 []");
        assertThat(blocks(5, "0F-1A", "1F-2A", "3-4")).containsExactly("0-2 [0F-1A, 1F-2A]", "3-4 [3-4]");
    }
}
