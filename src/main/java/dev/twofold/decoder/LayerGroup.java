package dev.twofold.decoder;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/**
 * Consecutive steps that share layers of the checkpoint: two steps for an ordinary layer or a two-sync group, one for a
 * one-sync group; where steps of neighbouring layers are merged, all steps of these layers. Rewrites of whole layers work on these.
 *
 * @param layers the checkpoint's layer numbers, in the order of the stream
 */
public record LayerGroup(List<Integer> layers, List<Step> steps) {

    public LayerGroup {
        layers = List.copyOf(layers);
        steps = List.copyOf(steps);
    }

    /** The groups of a decoder, in the order of the stream. */
    public static List<LayerGroup> of(Decoder decoder) {
        List<LayerGroup> groups = new ArrayList<>();
        for (Step step : decoder.steps()) {
            LayerGroup own = new LayerGroup(layers(step), List.of(step));
            int last = groups.size() - 1;
            if (last >= 0 && !Collections.disjoint(groups.get(last).layers(), own.layers())) {
                groups.set(last, groups.get(last).and(own));
            } else {
                groups.add(own);
            }
        }
        return groups;
    }

    private LayerGroup and(LayerGroup next) {
        return new LayerGroup(
                Stream.concat(layers.stream(), next.layers.stream()).distinct().toList(),
                Stream.concat(steps.stream(), next.steps.stream()).toList());
    }

    /** The layers a step stands for, each once. */
    public static List<Integer> layers(Step step) {
        return step.branches().stream()
                .flatMap(branch -> branch.origin().layers().stream())
                .distinct()
                .toList();
    }

    /** The decoder with these groups in place of its own. */
    public static Decoder replace(Decoder decoder, List<LayerGroup> groups) {
        return decoder.withSteps(
                groups.stream().flatMap(group -> group.steps().stream()).toList());
    }
}
