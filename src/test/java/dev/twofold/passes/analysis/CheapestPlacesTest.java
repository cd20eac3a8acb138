package dev.twofold.passes.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.layers.LayerRange;
import dev.twofold.layers.Place;
import dev.twofold.layers.Plan;
import dev.twofold.layers.StepRange;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;

final class CheapestPlacesTest {

    private static final int LAYERS = 4;

    private static final ToIntFunction<Place> STEPS = place -> place.stepsSaved(2);

    private static PlaceCosts random(long seed) {
        Random random = new Random(seed);
        Map<Place, Double> nats = new LinkedHashMap<>();
        PlaceCosts.pairs(LAYERS).forEach(place -> nats.put(place, random.nextDouble()));
        for (int size = 2; size <= 3; size++) {
            PlaceCosts.runs(LAYERS, size).forEach(place -> nats.put(place, random.nextDouble()));
        }
        return new PlaceCosts(LAYERS, nats);
    }

    /** Every plan there is. */
    private static List<Plan> all(PlaceCosts costs) {
        List<Plan> plans = new ArrayList<>(List.of(Plan.none(LAYERS)));
        for (Place place : costs.nats().keySet()) {
            for (Plan plan : List.copyOf(plans)) {
                if (plan.places().stream()
                        .allMatch(other ->
                                other.lastPlace() < place.firstPlace() || place.lastPlace() < other.firstPlace())) {
                    plans.add(plan.with(place));
                }
            }
        }
        return plans;
    }

    @Test
    void are_the_best_of_all_plans_for_every_saving() {
        for (int seed = 0; seed < 10; seed++) {
            PlaceCosts costs = random(seed);
            CheapestPlaces cheapest = new CheapestPlaces(costs, STEPS, 3);
            List<Plan> all = all(costs);
            assertThat(cheapest.most())
                    .isEqualTo(all.stream()
                            .mapToInt(plan -> plan.stepsSaved(2))
                            .max()
                            .orElseThrow());
            for (int saving = 1; saving <= cheapest.most(); saving++) {
                int least = saving;
                double[] expected = all.stream()
                        .filter(plan -> plan.stepsSaved(2) >= least)
                        .mapToDouble(costs::predicted)
                        .sorted()
                        .limit(3)
                        .toArray();
                assertThat(cheapest.atLeast(saving).stream()
                                .mapToDouble(costs::predicted)
                                .toArray())
                        .containsExactly(expected, within(1e-12));
            }
        }
    }

    @Test
    void the_plan_within_a_cost_saves_most_of_all_that_are() {
        PlaceCosts costs = random(1);
        CheapestPlaces cheapest = new CheapestPlaces(costs, STEPS, 2);
        for (double limit : new double[] {0.05, 0.3, 1, 2}) {
            Plan best = all(costs).stream()
                    .filter(plan -> costs.predicted(plan) <= limit)
                    .max(Comparator.comparingInt(plan -> plan.stepsSaved(2)))
                    .orElseThrow();
            Plan found = cheapest.within(limit);
            assertThat(costs.predicted(found)).isLessThanOrEqualTo(limit);
            assertThat(found.stepsSaved(2)).isEqualTo(best.stepsSaved(2));
        }
        assertThat(cheapest.within(0)).isEqualTo(Plan.none(LAYERS));
    }

    @Test
    void a_place_that_saves_nothing_is_in_no_plan() {
        Map<Place, Double> nats = new LinkedHashMap<>();
        nats.put(StepRange.valueOf("0A-0F"), 0.0);
        nats.put(new LayerRange(1, 2), 0.5);
        CheapestPlaces cheapest =
                new CheapestPlaces(new PlaceCosts(LAYERS, nats), place -> place instanceof LayerRange ? 7 : 0, 4);
        assertThat(cheapest.most()).isEqualTo(7);
        assertThat(cheapest.atLeast(1)).containsExactly(Plan.none(LAYERS).with(new LayerRange(1, 2)));
        assertThat(cheapest.atLeast(8)).isEmpty();
    }
}
