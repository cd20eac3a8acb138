package dev.twofold.inspection;

import dev.twofold.layers.LayerRange;
import dev.twofold.layers.Plan;
import java.util.ArrayList;
import java.util.List;

/** Groups of neighbouring layers around the middle of a model, where layers depend least on one another. */
public final class MiddleGroups {

    private MiddleGroups() {}

    /**
     * As many groups as an effective depth takes.
     *
     * @param layers of the model
     * @param depth that groups of this size reach
     * @param size layers in a group, two or more; the last may be smaller
     */
    public static Plan of(int layers, int depth, int size) {
        List<Integer> sizes = new ArrayList<>();
        for (int left = layers - depth; left > 0; left -= size - 1) {
            sizes.add(Math.min(size, left + 1));
        }
        int used = sizes.stream().mapToInt(Integer::intValue).sum();
        List<LayerRange> groups = new ArrayList<>();
        int next = (layers - used) / 2;
        for (int each : sizes) {
            groups.add(new LayerRange(next, next + each - 1));
            next += each;
        }
        return Plan.ofGroups(layers, groups);
    }
}
