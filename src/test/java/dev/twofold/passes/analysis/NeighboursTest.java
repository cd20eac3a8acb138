package dev.twofold.passes.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.layers.LayerRange;
import dev.twofold.layers.Plan;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Moves compared with all groupings that differ in the right way. */
final class NeighboursTest {

    private static final int LAYERS = 8;

    /** Bit i is set if layers i and i + 1 share a group. */
    private static BitSet joins(Plan plan) {
        BitSet joins = new BitSet();
        for (LayerRange group : plan.groups()) {
            joins.set(group.first(), group.last());
        }
        return joins;
    }

    private static List<Plan> within(int limit, Plan plan, int depths, int moves) {
        return Groupings.at(plan.depth() + depths, LAYERS, limit).stream()
                .filter(other -> {
                    BitSet changed = joins(other);
                    changed.xor(joins(plan));
                    return changed.cardinality() == moves;
                })
                .toList();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 8})
    void are_all_plans_one_move_away(int limit) {
        Neighbours neighbours = new Neighbours(limit);
        for (Plan plan : Groupings.all(LAYERS, limit)) {
            assertThat(neighbours.shallower(plan)).containsExactlyInAnyOrderElementsOf(within(limit, plan, -1, 1));
            assertThat(neighbours.deeper(plan)).containsExactlyInAnyOrderElementsOf(within(limit, plan, 1, 1));
            assertThat(neighbours.level(plan)).containsExactlyInAnyOrderElementsOf(within(limit, plan, 0, 2));
        }
    }
}
