package dev.twofold.passes.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.layers.LayerWindow;
import java.util.List;
import org.junit.jupiter.api.Test;

final class BitChoiceTest {

    private static final List<MatrixName> READ = List.of(MatrixName.Q, MatrixName.K, MatrixName.V);
    private static final List<MatrixName> DOWN = List.of(MatrixName.DOWN);
    private static final List<MatrixName> HEAD = List.of(MatrixName.EMBEDDING, MatrixName.HEAD);

    private static final List<BitCost> COSTS = List.of(
            new BitCost(READ, List.of(0), 0.010, 1000),
            new BitCost(READ, List.of(1), 0.010, 4000),
            new BitCost(READ, List.of(3), 0.008, 1000),
            new BitCost(DOWN, List.of(1, 2), 0.020, 1000),
            new BitCost(HEAD, List.of(), 0.050, 90_000));

    @Test
    void nothing_is_raised_where_all_costs_together_are_allowed() {
        BitChoice choice = BitChoice.of(COSTS, 0.0981);
        assertThat(choice.raised()).isEmpty();
        assertThat(choice.places()).isEmpty();
        assertThat(choice.predicted()).isEqualTo(0.098, within(1e-12));
    }

    @Test
    void what_costs_most_for_its_bytes_is_raised_first_and_no_more_than_it_takes() {
        BitChoice choice = BitChoice.of(COSTS, 0.065);
        assertThat(choice.raised()).containsExactly(COSTS.get(3), COSTS.get(0), COSTS.get(2));
        double left = 0.038 / 289;
        assertThat(choice.predicted()).isEqualTo(0.060 + left, within(1e-12));
    }

    @Test
    void places_name_matrices_of_a_kind_together() {
        assertThat(BitChoice.of(COSTS, 0.055).places())
                .containsExactly(
                        new Place(
                                READ,
                                new LayerChoice(null, null, List.of(new LayerWindow(0, 2), new LayerWindow(3, 4))),
                                8,
                                64,
                                true,
                                null),
                        new Place(
                                DOWN, new LayerChoice(null, null, List.of(new LayerWindow(1, 3))), 8, 64, true, null));
    }

    @Test
    void a_head_is_of_no_layer() {
        List<Place> places = BitChoice.of(COSTS, 0).places();
        assertThat(places.get(0)).isEqualTo(new Place(HEAD, null, 8, 64, true, null));
        assertThat(places).hasSize(3);
    }
}
