package dev.twofold.passes.analysis;

import dev.twofold.layers.LayerRange;
import dev.twofold.layers.Plan;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Plans that differ from one in a single move.
 *
 * @param limit layers in the largest group
 */
record Neighbours(int limit) {

    /** Plans one layer shallower: a layer joins the one before it, or the group there, or two groups join. */
    Set<Plan> shallower(Plan plan) {
        Set<Plan> found = new LinkedHashSet<>();
        int[] start = starts(plan);
        for (int layer = 1; layer < plan.layers(); layer++) {
            if (start[layer] != layer) {
                continue;
            }
            int end = layer;
            while (end + 1 < plan.layers() && start[end + 1] == layer) {
                end++;
            }
            if (end - start[layer - 1] + 1 <= limit) {
                int[] joined = start.clone();
                for (int other = layer; other <= end; other++) {
                    joined[other] = start[layer - 1];
                }
                found.add(of(joined));
            }
        }
        return found;
    }

    /** Plans one layer deeper: a group is cut in two. */
    Set<Plan> deeper(Plan plan) {
        Set<Plan> found = new LinkedHashSet<>();
        int[] start = starts(plan);
        for (int layer = 1; layer < plan.layers(); layer++) {
            if (start[layer] == layer) {
                continue;
            }
            int[] cut = start.clone();
            for (int other = layer; other < plan.layers() && start[other] == start[layer]; other++) {
                cut[other] = layer;
            }
            found.add(of(cut));
        }
        return found;
    }

    /** Other plans of the same depth: one cut and one join away. */
    Set<Plan> level(Plan plan) {
        Set<Plan> found = new LinkedHashSet<>();
        deeper(plan).forEach(cut -> found.addAll(shallower(cut)));
        found.remove(plan);
        return found;
    }

    /** For each layer, the first of the layers it runs with. */
    private static int[] starts(Plan plan) {
        int[] start = new int[plan.layers()];
        for (int layer = 0; layer < start.length; layer++) {
            start[layer] = layer;
        }
        for (LayerRange group : plan.groups()) {
            group.layers().forEach(layer -> start[layer] = group.first());
        }
        return start;
    }

    private static Plan of(int[] start) {
        List<LayerRange> groups = new ArrayList<>();
        int first = 0;
        for (int layer = 1; layer <= start.length; layer++) {
            if (layer == start.length || start[layer] != first) {
                if (layer - first > 1) {
                    groups.add(new LayerRange(first, layer - 1));
                }
                first = layer;
            }
        }
        return Plan.ofGroups(start.length, groups);
    }
}
