package dev.twofold.passes.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.layers.LayerRange;
import dev.twofold.layers.Plan;
import dev.twofold.measure.MeasuredPlan;
import dev.twofold.passes.analysis.GroupCosts.Extent;
import dev.twofold.passes.analysis.PlanSearch.Effort;
import dev.twofold.passes.analysis.PlanSearch.Found;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Scores are made up, so that every grouping can be tried. */
final class PlanSearchTest {

    private static final int LAYERS = 8;

    private static PlanSearch search(MadeUpScores scores, int limit) {
        return new PlanSearch(
                scores, GroupCosts.measure(scores, LAYERS, limit, GroupCosts.Extent.ALL), limit, Effort.CHOICE);
    }

    private static double rise(MeasuredPlan plan) {
        return plan.score().loss() - MadeUpScores.BASE_LOSS;
    }

    private static double least(Stream<Plan> plans, MadeUpScores scores) {
        return plans.mapToDouble(scores::rise).min().orElseThrow();
    }

    private static List<Plan> windows(int depth) {
        return Groupings.at(depth, LAYERS, 2).stream()
                .filter(Groupings::isWindow)
                .toList();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4})
    void finds_the_best_of_all_plans_where_costs_add_up(int limit) {
        for (int seed = 0; seed < 20; seed++) {
            MadeUpScores scores = MadeUpScores.additive(MadeUpScores.random(seed, -0.02, 0.08));
            PlanSearch search = search(scores, limit);
            for (int depth = LAYERS - 1; depth >= (LAYERS + limit - 1) / limit; depth--) {
                Found found = search.at(depth).orElseThrow();
                assertThat(rise(found.chosen()))
                        .isCloseTo(least(Groupings.at(depth, LAYERS, limit).stream(), scores), within(1e-12));
                assertThat(found.chosen().predictedLoss())
                        .isCloseTo(found.chosen().score().loss(), within(1e-12));
            }
        }
    }

    @Test
    void reports_the_best_of_all_windows_where_costs_add_up() {
        for (int seed = 0; seed < 100; seed++) {
            MadeUpScores scores = MadeUpScores.additive(MadeUpScores.random(seed, -0.05, 0.05));
            PlanSearch search = search(scores, 2);
            for (int depth = LAYERS - 1; depth >= LAYERS / 2; depth--) {
                MeasuredPlan window = search.at(depth).orElseThrow().window().orElseThrow();
                assertThat(Groupings.isWindow(window.plan())).isTrue();
                assertThat(rise(window))
                        .as("seed %d, depth %d", seed, depth)
                        .isCloseTo(least(windows(depth).stream(), scores), within(1e-12));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4})
    void is_never_worse_than_any_window_where_costs_interact(int limit) {
        for (int seed = 0; seed < 100; seed++) {
            MadeUpScores scores = MadeUpScores.interacting(seed);
            PlanSearch search = search(scores, limit);
            for (int depth = LAYERS - 1; depth >= (LAYERS + limit - 1) / limit; depth--) {
                Found found = search.at(depth).orElseThrow();
                assertThat(Groupings.at(depth, LAYERS, limit))
                        .contains(found.chosen().plan());
                assertThat(rise(found.chosen()))
                        .isCloseTo(scores.rise(found.chosen().plan()), within(1e-12));
                if (depth >= LAYERS / 2) {
                    assertThat(rise(found.chosen()))
                            .isLessThanOrEqualTo(rise(found.window().orElseThrow()))
                            .isLessThanOrEqualTo(least(windows(depth).stream(), scores) + 1e-12);
                }
            }
        }
    }

    @Test
    void repair_finds_better_plans_than_prediction_where_costs_interact() {
        int better = 0;
        for (int seed = 0; seed < 100; seed++) {
            MadeUpScores scores = MadeUpScores.interacting(seed);
            double predicted = least(
                    Stream.concat(
                            windows(5).stream(),
                            new CheapestPlans(GroupCosts.measure(scores, LAYERS, 4, GroupCosts.Extent.ALL), 4, 3)
                                    .at(5).stream()),
                    scores);
            double found = rise(search(scores, 4).at(5).orElseThrow().chosen());
            assertThat(found).isLessThanOrEqualTo(predicted + 1e-12);
            better += found < predicted - 1e-9 ? 1 : 0;
        }
        assertThat(better).isPositive();
    }

    @Test
    void larger_groups_win_where_they_cost_less() {
        ToDoubleFunction<LayerRange> cost = group -> group.equals(new LayerRange(2, 4)) ? 0.001 : 0.02 * group.size();
        MadeUpScores scores = MadeUpScores.additive(cost);
        assertThat(search(scores, 3).at(6).orElseThrow().chosen().plan()).hasToString("2-4");
        assertThat(search(scores, 2).at(6).orElseThrow().chosen().plan().groups())
                .hasSize(2);
    }

    @Test
    void a_ruinous_pair_is_avoided_as_long_as_it_can_be() {
        MadeUpScores scores =
                MadeUpScores.additive(group -> group.first() <= 3 && group.last() >= 4 ? 3 : 0.01 * (group.size() - 1));
        PlanSearch search = search(scores, 4);
        for (int depth = 7; depth >= 2; depth--) {
            assertThat(search.at(depth).orElseThrow().chosen().plan().groups())
                    .noneMatch(group -> group.first() <= 3 && group.last() >= 4);
        }
        assertThat(search.at(1)).isEmpty();
    }

    @Test
    void a_depth_that_groups_cannot_reach_has_no_plan() {
        PlanSearch search = search(MadeUpScores.additive(group -> 0.01), 2);
        assertThat(search.at(4)).isPresent();
        assertThat(search.at(3)).isEmpty();
    }

    @Test
    void below_half_the_layers_there_is_no_window_of_pairs() {
        Optional<Found> found = search(MadeUpScores.additive(group -> 0.01), 4).at(3);
        assertThat(found).isPresent();
        assertThat(found.orElseThrow().window()).isEmpty();
    }

    @Test
    void a_survey_measures_two_plans_a_depth_and_shows_the_better_one() {
        MadeUpScores scores = MadeUpScores.interacting(1);
        GroupCosts costs = GroupCosts.measure(scores, LAYERS, 4, GroupCosts.Extent.ALL);
        int alone = scores.asked().size();
        PlanSearch search = new PlanSearch(scores, costs, 4, Effort.SURVEY);
        for (int depth = LAYERS - 1; depth >= LAYERS / 2; depth--) {
            Found found = search.at(depth).orElseThrow();
            Plan cheapest = new CheapestPlans(costs, 4, 1).at(depth).get(0);
            assertThat(rise(found.chosen()))
                    .isEqualTo(Math.min(
                            MadeUpScores.BASE_LOSS + scores.rise(cheapest) - MadeUpScores.BASE_LOSS,
                            rise(found.window().orElseThrow())));
        }
        assertThat(scores.asked().size() - alone).isLessThanOrEqualTo(2 * (LAYERS / 2));
    }

    @Test
    void a_survey_looks_at_eight_depths_at_most_the_ends_among_them() {
        assertThat(Effort.SURVEY.depths(30, 15)).containsExactly(29, 27, 25, 23, 21, 19, 17, 15);
        assertThat(Effort.SURVEY.depths(80, 40)).hasSize(8).startsWith(79).endsWith(40);
        assertThat(Effort.SURVEY.depths(4, 2)).containsExactly(3, 2);
        assertThat(Effort.SURVEY.depths(2, 1)).containsExactly(1);
        assertThat(Effort.CHOICE.depths(30, 15)).hasSize(15).startsWith(29, 28).endsWith(15);
    }

    @Test
    void of_larger_groups_a_survey_measures_the_third_with_the_nearest_parts() {
        MadeUpScores scores = MadeUpScores.additive(group -> group.first() * 0.001);
        GroupCosts all = GroupCosts.measure(scores, LAYERS, 3, Extent.ALL);
        GroupCosts few = GroupCosts.measure(scores, LAYERS, 3, Extent.PROMISING);
        assertThat(all.scores()).hasSize(7 + 6);
        assertThat(few.scores().keySet())
                .containsAll(GroupCosts.candidates(LAYERS, 2))
                .contains(new LayerRange(0, 2), new LayerRange(1, 3))
                .hasSize(7 + 2);
    }
}
