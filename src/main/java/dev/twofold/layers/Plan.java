package dev.twofold.layers;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Which layers of a checkpoint run side by side: disjoint ranges in ascending order; every other layer runs alone.
 *
 * @param layers number of layers in the checkpoint
 */
public record Plan(int layers, List<LayerRange> groups) {

    public Plan {
        groups = groups.stream()
                .sorted(Comparator.comparingInt(LayerRange::first))
                .toList();
        int next = 0;
        for (LayerRange group : groups) {
            if (group.first() < next || group.last() >= layers) {
                throw new IllegalArgumentException(groups + " are not disjoint groups of " + layers + " layers");
            }
            next = group.last() + 1;
        }
    }

    /** Every layer alone. */
    public static Plan none(int layers) {
        return new Plan(layers, List.of());
    }

    /** Layers' worth of operators that run one after the other. */
    public int depth() {
        return layers - groups.stream().mapToInt(group -> group.size() - 1).sum();
    }

    /** The same with one more group. */
    public Plan with(LayerRange group) {
        List<LayerRange> more = new ArrayList<>(groups);
        more.add(group);
        return new Plan(layers, more);
    }

    /** The groups as {@code --pairs} takes them: {@code 4-5,6-8}. */
    @Override
    public String toString() {
        return groups.stream().map(LayerRange::toString).collect(Collectors.joining(","));
    }
}
