package dev.twofold.passes.analysis;

import dev.twofold.layers.LayerRange;
import dev.twofold.layers.Plan;
import dev.twofold.measure.PlanScore;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The cost of each group by itself: the rise of the loss when only that group runs side by side.
 *
 * @param layers number of layers
 * @param base the original's score
 * @param scores of each group that was measured
 */
public record GroupCosts(int layers, PlanScore base, Map<LayerRange, PlanScore> scores) {

    /** A group around a pair that costs more than this by itself, in nats, is not worth measuring. */
    private static final double HOPELESS = 0.1;

    /** Groups of {@code size} layers, front to back. */
    public static List<LayerRange> candidates(int layers, int size) {
        List<LayerRange> candidates = new ArrayList<>();
        for (int first = 0; first + size <= layers; first++) {
            candidates.add(new LayerRange(first, first + size - 1));
        }
        return candidates;
    }

    /** @param limit layers in the largest group, 2 or more */
    public static GroupCosts measure(PlanScores plans, int layers, int limit) {
        Plan none = Plan.none(layers);
        GroupCosts costs = new GroupCosts(layers, plans.score(none), new LinkedHashMap<>());
        for (int size = 2; size <= limit; size++) {
            for (LayerRange group : candidates(layers, size)) {
                if (size == 2 || !costs.hopeless(group)) {
                    costs.scores.put(group, plans.score(none.with(group)));
                }
            }
        }
        return costs;
    }

    private boolean hopeless(LayerRange group) {
        for (int first = group.first(); first < group.last(); first++) {
            if (cost(new LayerRange(first, first + 1)) > HOPELESS) {
                return true;
            }
        }
        return false;
    }

    /** In nats; infinite for a group that was not measured. */
    public double cost(LayerRange group) {
        PlanScore score = scores.get(group);
        return score == null ? Double.POSITIVE_INFINITY : score.loss() - base.loss();
    }

    /** What the plan would cost if its groups did not interact: the sum of their costs, in nats. */
    public double predicted(Plan plan) {
        return plan.groups().stream().mapToDouble(this::cost).sum();
    }
}
