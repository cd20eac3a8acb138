package dev.twofold.families;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The plans that every family is tested with: what the command line calls them, and what they do. */
enum Arrangement {
    BASE(1, "two-sync"),
    PAIRS(2, "two-sync"),
    GROUPS_OF_THREE(3, "two-sync"),
    ONE_SYNC_PAIRS(2, "one-sync"),
    STAGGERED_PAIRS(2, "staggered"),
    /** Runs of two, one, two and three steps, over and over. */
    MERGES(1, "merges");

    private static final int[] RUNS = {2, 1, 2, 3};

    private final int size;
    private final String form;

    Arrangement(int size, String form) {
        this.size = size;
        this.form = form;
    }

    /** Whether it is one of steps that a layer has only where attention and feed-forward run one after the other. */
    boolean needsTwoStepsALayer() {
        return this == MERGES;
    }

    /** The layers in groups of equal size up to the last; the first layers, if some are left over, by themselves. */
    private List<List<Integer>> groups(int layers) {
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
        if (this == BASE) {
            return List.of("--window", "0:0");
        }
        if (this == MERGES) {
            List<String> runs = merged(layers).stream()
                    .filter(run -> run.size() > 1)
                    .map(run -> run.get(0) + "-" + run.get(run.size() - 1))
                    .toList();
            return List.of("--merge", String.join(",", runs));
        }
        List<String> ranges = groups(layers).stream()
                .filter(group -> group.size() > 1)
                .map(group -> group.get(0) + "-" + group.get(group.size() - 1))
                .toList();
        return List.of("--pairs", String.join(",", ranges), "--form", form);
    }

    /** Logits {@code [tokens][vocabulary]} of the reference. */
    double[][] logits(Reference reference, int[] tokens) {
        List<List<Integer>> groups = groups(reference.layers());
        return switch (this) {
            case ONE_SYNC_PAIRS -> reference.oneSyncLogits(tokens, groups);
            case STAGGERED_PAIRS ->
                reference.parallelResidual()
                        ? reference.logits(tokens, groups)
                        : reference.stepLogits(tokens, staggered(groups));
            case MERGES -> reference.stepLogits(tokens, merged(reference.layers()));
            default -> reference.logits(tokens, groups);
        };
    }

    /** The halves of layers that run side by side, such as {@code 0A} and {@code 0F}. */
    private static List<List<String>> merged(int layers) {
        List<String> chain = Stream.iterate(0, layer -> layer < layers, layer -> layer + 1)
                .flatMap(Arrangement::halves)
                .toList();
        List<List<String>> steps = new ArrayList<>();
        int next = 0;
        while (next < chain.size()) {
            int end = Math.min(chain.size(), next + RUNS[steps.size() % RUNS.length]);
            steps.add(chain.subList(next, end));
            next = end;
        }
        return steps;
    }

    private static Stream<String> halves(int layer) {
        return Stream.of(layer + "A", layer + "F");
    }

    private static List<List<String>> staggered(List<List<Integer>> groups) {
        return groups.stream()
                .flatMap(group -> {
                    List<String> chain =
                            group.stream().flatMap(Arrangement::halves).toList();
                    int last = chain.size() - 1;
                    return Stream.of(chain.subList(0, last), chain.subList(last, last + 1));
                })
                .toList();
    }
}
