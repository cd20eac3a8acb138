package dev.twofold.inspection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.inspection.JointFrontier.Both;
import dev.twofold.inspection.JointFrontier.Pick;
import dev.twofold.layers.Place;
import dev.twofold.layers.Plan;
import dev.twofold.passes.analysis.CheapestPlaces;
import dev.twofold.passes.analysis.PlaceCosts;
import dev.twofold.passes.quantize.BitChoice;
import dev.twofold.passes.quantize.BitCost;
import dev.twofold.passes.quantize.MatrixName;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Splits of a loss between merged steps and bits, by costs and times that are made up. */
final class JointFrontierTest {

    private static final int LAYERS = 6;
    private static final double LIMIT = 0.05;

    /** Of every merge of two steps. */
    private static PlaceCosts costs(long seed) {
        Random random = new Random(seed);
        Map<Place, Double> nats = new LinkedHashMap<>();
        PlaceCosts.runs(LAYERS, 2).forEach(place -> nats.put(place, 0.02 * random.nextDouble()));
        return new PlaceCosts(LAYERS, nats);
    }

    private static List<BitChoice> bits(long seed) {
        Random random = new Random(seed);
        return BitChoice.frontier(IntStream.range(0, 2 * LAYERS)
                .mapToObj(place -> new BitCost(
                        List.of(place % 2 == 0 ? MatrixName.O : MatrixName.DOWN),
                        List.of(place / 2),
                        0.02 * random.nextDouble(),
                        1000 + random.nextInt(4000)))
                .toList());
    }

    /** What a token takes where a step costs so much, and a byte so much. */
    private static ToDoubleFunction<Both> time(double step, double oneByte) {
        return both -> step * (2 * LAYERS - both.plan().places().size())
                + oneByte
                        * both.bits().raised().stream()
                                .mapToLong(BitCost::elements)
                                .sum()
                        / 2;
    }

    private static JointFrontier frontier(long seed, double step, double oneByte) {
        PlaceCosts costs = costs(seed);
        return new JointFrontier(
                costs, new CheapestPlaces(costs, place -> place.stepsSaved(2), 1), bits(seed), time(step, oneByte));
    }

    /** The best of every plan beside every prefix of the places. */
    private static double exhaustive(long seed, double step, double oneByte) {
        PlaceCosts costs = costs(seed);
        List<Plan> plans = new ArrayList<>(List.of(Plan.none(LAYERS)));
        for (Place place : costs.nats().keySet()) {
            for (Plan plan : List.copyOf(plans)) {
                if (plan.places().stream().allMatch(other -> other.lastPlace() < place.firstPlace())) {
                    plans.add(plan.with(place));
                }
            }
        }
        return bits(seed).stream()
                .flatMap(bits -> plans.stream()
                        .filter(plan -> costs.predicted(plan) + bits.predicted() <= LIMIT)
                        .map(plan -> new Both(plan, bits)))
                .mapToDouble(time(step, oneByte))
                .min()
                .orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void no_split_of_the_loss_is_faster(long seed) {
        Pick pick = frontier(seed, 1, 5e-4).fastest(LIMIT).orElseThrow();
        assertThat(pick.loss()).isLessThanOrEqualTo(LIMIT);
        assertThat(pick.seconds()).isCloseTo(exhaustive(seed, 1, 5e-4), within(1e-12));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void it_is_as_fast_as_half_and_half_or_faster(long seed) {
        PlaceCosts costs = costs(seed);
        Plan plan = new CheapestPlaces(costs, place -> place.stepsSaved(2), 1).within(LIMIT / 2);
        BitChoice bits = bits(seed).stream()
                .filter(choice -> choice.predicted() <= LIMIT / 2)
                .findFirst()
                .orElseThrow();
        double half = time(1, 5e-4).applyAsDouble(new Both(plan, bits));
        assertThat(frontier(seed, 1, 5e-4).fastest(LIMIT).orElseThrow().seconds())
                .isLessThanOrEqualTo(half);
    }

    @Test
    void all_of_it_goes_to_bits_where_only_bytes_take_time() {
        Pick pick = frontier(1, 0, 1).fastest(LIMIT).orElseThrow();
        assertThat(pick.both().plan().isEmpty()).isTrue();
        assertThat(pick.both().bits())
                .isEqualTo(bits(1).stream()
                        .filter(choice -> choice.predicted() <= LIMIT)
                        .findFirst()
                        .orElseThrow());
    }

    @Test
    void all_of_it_goes_to_merges_where_only_steps_take_time() {
        Pick pick = frontier(1, 1, 0).fastest(LIMIT).orElseThrow();
        int most = new CheapestPlaces(costs(1), place -> place.stepsSaved(2), 1)
                .within(LIMIT - least(1))
                .places()
                .size();
        assertThat(pick.both().plan().places()).hasSize(most);
        assertThat(pick.both().bits().predicted())
                .isLessThanOrEqualTo(LIMIT - costs(1).predicted(pick.both().plan()));
    }

    private static double least(long seed) {
        return bits(seed).stream()
                .min(Comparator.comparingDouble(BitChoice::predicted))
                .orElseThrow()
                .predicted();
    }

    @Test
    void nothing_is_predicted_to_keep_a_limit_that_8_bits_everywhere_break() {
        JointFrontier frontier = frontier(1, 1, 5e-4);
        assertThat(frontier.fastest(least(1) / 2)).isEmpty();
        assertThat(frontier.safest().both().bits().raised()).hasSize(2 * LAYERS);
        assertThat(frontier.safest().both().plan().isEmpty()).isTrue();
    }
}
