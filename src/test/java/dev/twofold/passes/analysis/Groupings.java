package dev.twofold.passes.analysis;

import dev.twofold.layers.LayerRange;
import dev.twofold.layers.Plan;
import java.util.ArrayList;
import java.util.List;

/** Every grouping there is, found without the search that is tested with them. */
final class Groupings {

    private Groupings() {}

    /** Every way to cut layers into groups of at most {@code limit}. */
    static List<Plan> all(int layers, int limit) {
        List<Plan> found = new ArrayList<>();
        for (int joins = 0; joins < 1 << (layers - 1); joins++) {
            List<LayerRange> groups = new ArrayList<>();
            int first = 0;
            int largest = 1;
            for (int layer = 1; layer <= layers; layer++) {
                boolean joined = layer < layers && (joins >> (layer - 1) & 1) == 1;
                if (!joined) {
                    largest = Math.max(largest, layer - first);
                    if (layer - first > 1) {
                        groups.add(new LayerRange(first, layer - 1));
                    }
                    first = layer;
                }
            }
            if (largest <= limit) {
                found.add(Plan.ofGroups(layers, groups));
            }
        }
        return found;
    }

    /** Those of a depth. */
    static List<Plan> at(int depth, int layers, int limit) {
        return all(layers, limit).stream().filter(plan -> plan.depth() == depth).toList();
    }

    /** Whether a plan is a contiguous window of pairs. */
    static boolean isWindow(Plan plan) {
        int next = plan.groups().isEmpty() ? 0 : plan.groups().get(0).first();
        for (LayerRange group : plan.groups()) {
            if (group.first() != next || group.size() != 2) {
                return false;
            }
            next = group.last() + 1;
        }
        return true;
    }
}
