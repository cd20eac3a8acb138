package dev.twofold.passes.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.layers.Place;
import dev.twofold.layers.Plan;
import dev.twofold.layers.StepRange;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class FinalistsTest {

    private static final int LAYERS = 4;

    private static final ToIntFunction<Place> STEPS = place -> place.stepsSaved(2);

    private static PlaceCosts costs(String... placesAndNats) {
        Map<Place, Double> nats = new LinkedHashMap<>();
        for (int i = 0; i < placesAndNats.length; i += 2) {
            nats.put(StepRange.valueOf(placesAndNats[i]), Double.valueOf(placesAndNats[i + 1]));
        }
        return new PlaceCosts(LAYERS, nats);
    }

    private static Plan plan(String... places) {
        return new Plan(
                LAYERS,
                Stream.of(places).map(StepRange::valueOf).map(Place.class::cast).toList());
    }

    @Test
    void of_plans_as_they_are_are_the_cheapest_ones() {
        PlaceCosts costs = costs("0A-0F", "0.1", "1A-1F", "0.2", "2A-2F", "0.4");
        assertThat(Finalists.plain(costs, STEPS).atLeast(2))
                .containsExactly(
                        plan("0A-0F", "1A-1F"),
                        plan("0A-0F", "2A-2F"),
                        plan("1A-1F", "2A-2F"),
                        plan("0A-0F", "1A-1F", "2A-2F"));
    }

    @Test
    void of_refitted_plans_trust_a_refit_the_less_the_more_it_has_to_make_up_for() {
        PlaceCosts plain = costs("0A-0F", "0.01", "1A-1F", "0.5", "2A-2F", "0.02", "3A-3F", "0.2");
        PlaceCosts refitted = costs("0A-0F", "0.01", "1A-1F", "0.01", "2A-2F", "0.05", "3A-3F", "0.02");
        assertThat(Finalists.refitted(plain, refitted, STEPS).atLeast(2))
                .containsExactly(plan("0A-0F", "1A-1F"), plan("0A-0F", "3A-3F"), plan("0A-0F", "2A-2F"));
    }

    @Test
    void of_refitted_plans_are_one_where_all_opinions_agree() {
        PlaceCosts plain = costs("0A-0F", "0.1", "1A-1F", "0.5");
        PlaceCosts refitted = costs("0A-0F", "0.01", "1A-1F", "0.02");
        assertThat(Finalists.refitted(plain, refitted, STEPS).atLeast(1)).containsExactly(plan("0A-0F"));
    }

    @Test
    void are_none_where_no_plan_saves_so_much() {
        Finalists finalists = Finalists.plain(costs("0A-0F", "0.1"), STEPS);
        assertThat(finalists.most()).isEqualTo(1);
        assertThat(finalists.atLeast(2)).isEqualTo(List.of());
    }
}
