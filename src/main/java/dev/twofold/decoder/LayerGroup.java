package dev.twofold.decoder;

import java.util.ArrayList;
import java.util.List;

/**
 * Consecutive steps that stand for the same layers of the checkpoint: two steps for an ordinary layer or a two-sync
 * group, one for a one-sync group. Rewrites of whole layers work on these.
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
            List<Integer> layers = layers(step);
            int last = groups.size() - 1;
            if (last >= 0 && groups.get(last).layers().equals(layers)) {
                List<Step> steps = new ArrayList<>(groups.get(last).steps());
                steps.add(step);
                groups.set(last, new LayerGroup(layers, steps));
            } else {
                groups.add(new LayerGroup(layers, List.of(step)));
            }
        }
        return groups;
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
