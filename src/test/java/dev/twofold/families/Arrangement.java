package dev.twofold.families;

import java.util.ArrayList;
import java.util.List;

/** The plans that every family is tested with: what the command line calls them, and which layers they group. */
enum Arrangement {
    BASE(1, false),
    PAIRS(2, false),
    GROUPS_OF_THREE(3, false),
    ONE_SYNC_PAIRS(2, true);

    private final int size;
    private final boolean oneSync;

    Arrangement(int size, boolean oneSync) {
        this.size = size;
        this.oneSync = oneSync;
    }

    /** The layers in groups of equal size up to the last; the first layers, if some are left over, by themselves. */
    List<List<Integer>> groups(int layers) {
        List<List<Integer>> groups = new ArrayList<>();
        int single = layers % size;
        for (int layer = 0; layer < single; layer++) {
            groups.add(List.of(layer));
        }
        for (int first = single; first < layers; first += size) {
            List<Integer> group = new ArrayList<>();
            for (int layer = first; layer < first + size; layer++) {
                group.add(layer);
            }
            groups.add(group);
        }
        return groups;
    }

    /** The options of convert. */
    List<String> options(int layers) {
        List<String> options = new ArrayList<>();
        if (size == 1) {
            options.addAll(List.of("--window", "0:0"));
        } else {
            List<String> ranges = groups(layers).stream()
                    .filter(group -> group.size() > 1)
                    .map(group -> group.get(0) + "-" + group.get(group.size() - 1))
                    .toList();
            options.addAll(List.of("--pairs", String.join(",", ranges)));
        }
        if (oneSync) {
            options.add("--one-sync");
        }
        return options;
    }

    /** Logits {@code [tokens][vocabulary]} of the reference. */
    double[][] logits(Reference reference, int[] tokens) {
        List<List<Integer>> groups = groups(reference.layers());
        return oneSync ? reference.oneSyncLogits(tokens, groups) : reference.logits(tokens, groups);
    }
}
