package dev.twofold.passes.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.layers.LayerRange;
import dev.twofold.layers.Plan;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CheapestPlansTest {

    private static final int LAYERS = 8;

    private static GroupCosts costs(MadeUpScores scores, int limit) {
        return GroupCosts.measure(scores, LAYERS, limit, GroupCosts.Extent.ALL);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 8})
    void are_the_best_of_all_groupings_at_every_depth(int limit) {
        for (int seed = 0; seed < 20; seed++) {
            MadeUpScores scores = MadeUpScores.additive(MadeUpScores.random(seed, -0.01, 0.09));
            CheapestPlans cheapest = new CheapestPlans(costs(scores, limit), limit, 3);
            for (int depth = 1; depth <= LAYERS; depth++) {
                List<Plan> all = Groupings.at(depth, LAYERS, limit);
                List<Plan> found = cheapest.at(depth);
                assertThat(found).hasSize(Math.min(3, all.size())).doesNotHaveDuplicates();
                assertThat(all).containsAll(found);
                double[] least =
                        all.stream().mapToDouble(scores::rise).sorted().limit(3).toArray();
                assertThat(found.stream().mapToDouble(scores::rise).toArray()).containsExactly(least, within(1e-12));
            }
        }
    }

    @Test
    void there_are_none_of_a_depth_that_groups_cannot_reach() {
        MadeUpScores scores = MadeUpScores.additive(group -> 0.01);
        CheapestPlans pairs = new CheapestPlans(costs(scores, 2), 2, 3);
        assertThat(pairs.at(4)).hasSize(1);
        assertThat(pairs.at(3)).isEmpty();
        assertThat(pairs.at(0)).isEmpty();
    }

    @Test
    void no_group_around_a_ruinous_pair_is_measured_or_used() {
        MadeUpScores scores =
                MadeUpScores.additive(group -> group.first() <= 3 && group.last() >= 4 ? 2 : 0.01 * (group.size() - 1));
        CheapestPlans cheapest = new CheapestPlans(costs(scores, 4), 4, 3);
        assertThat(scores.asked())
                .filteredOn(plan -> plan.groups().stream().anyMatch(group -> group.first() <= 3 && group.last() >= 4))
                .containsExactly(Plan.none(LAYERS).with(new LayerRange(3, 4)));
        assertThat(cheapest.at(2)).hasSize(1).first().hasToString("0-3,4-7");
        assertThat(cheapest.at(1)).isEmpty();
    }
}
