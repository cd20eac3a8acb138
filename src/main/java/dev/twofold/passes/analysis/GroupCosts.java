package dev.twofold.passes.analysis;

import dev.twofold.layers.LayerRange;
import dev.twofold.layers.Plan;
import dev.twofold.measure.PlanScore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The cost of each group by itself: the rise of the loss when only that group runs side by side. Groups are told apart by their divergence
 * from the original, which varies less from text to text.
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

    /** How many groups of a size are measured. */
    public enum Extent {
        /** All but those around a pair that is hopeless. */
        ALL {
            @Override
            int of(int candidates) {
                return candidates;
            }
        },
        /** A third of those of three and more layers: enough for plans of half the layers, which hold mostly pairs. */
        PROMISING {
            @Override
            int of(int candidates) {
                return (candidates + 2) / 3;
            }
        };

        abstract int of(int candidates);

        /** How many groups of a size are measured, at most. */
        public int count(int layers, int size) {
            int candidates = candidates(layers, size).size();
            return size == 2 ? candidates : of(candidates);
        }
    }

    /** @param limit layers in the largest group, 2 or more */
    public static GroupCosts measure(PlanScores plans, int layers, int limit, Extent extent) {
        Plan none = Plan.none(layers);
        GroupCosts costs = new GroupCosts(layers, plans.score(none), new LinkedHashMap<>());
        for (int size = 2; size <= limit; size++) {
            for (LayerRange group : costs.promising(size, extent)) {
                costs.scores.put(group, plans.score(none.with(group)));
            }
        }
        return costs;
    }

    /** The groups of a size whose nearer part diverges less, front to back. */
    private List<LayerRange> promising(int size, Extent extent) {
        return candidates(layers, size).stream()
                .filter(group -> size == 2 || !hopeless(group))
                .sorted(Comparator.comparingDouble(this::nearerPart))
                .limit(extent.count(layers, size))
                .sorted(Comparator.comparingInt(LayerRange::first))
                .toList();
    }

    private double nearerPart(LayerRange group) {
        return group.size() == 2
                ? 0
                : Math.min(
                        divergence(new LayerRange(group.first(), group.last() - 1)),
                        divergence(new LayerRange(group.first() + 1, group.last())));
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

    /** In nats; infinite for a group that was not measured. */
    public double divergence(LayerRange group) {
        PlanScore score = scores.get(group);
        return score == null ? Double.POSITIVE_INFINITY : score.kl();
    }

    /** What the plan would diverge by if its groups did not interact, in nats. */
    public double divergence(Plan plan) {
        return plan.groups().stream().mapToDouble(this::divergence).sum();
    }

    /** What the plan would cost if its groups did not interact: the sum of their costs, in nats. */
    public double predicted(Plan plan) {
        return plan.groups().stream().mapToDouble(this::cost).sum();
    }
}
