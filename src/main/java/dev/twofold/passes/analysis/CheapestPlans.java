package dev.twofold.passes.analysis;

import dev.twofold.layers.LayerRange;
import dev.twofold.layers.Plan;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The plans of least predicted divergence at every depth: an exact dynamic programme over the layers, in which each entry
 * keeps not one plan but the best few, because predictions leave out how groups interact.
 */
final class CheapestPlans {

    private final GroupCosts costs;
    private final int keep;
    /** By number of leading layers, and by layers saved among them: the best plans, cheapest first. */
    private final List<List<List<Partial>>> best = new ArrayList<>();

    /** Groups of the leading layers, the last of them first. */
    private record Partial(double cost, List<LayerRange> groups) {
        Partial with(LayerRange group, double added) {
            List<LayerRange> more = new ArrayList<>(groups);
            more.add(group);
            return new Partial(cost + added, more);
        }
    }

    /**
     * @param limit layers in the largest group
     * @param keep plans to keep of each depth
     */
    CheapestPlans(GroupCosts costs, int limit, int keep) {
        this.costs = costs;
        this.keep = keep;
        best.add(List.of(List.of(new Partial(0, List.of()))));
        for (int layers = 1; layers <= costs.layers(); layers++) {
            List<List<Partial>> bySaved = new ArrayList<>();
            for (int saved = 0; saved < layers; saved++) {
                bySaved.add(extend(layers, saved, limit));
            }
            best.add(bySaved);
        }
    }

    private List<Partial> extend(int layers, int saved, int limit) {
        List<Partial> plans = new ArrayList<>(plans(layers - 1, saved));
        for (int size = 2; size <= Math.min(limit, layers); size++) {
            LayerRange group = new LayerRange(layers - size, layers - 1);
            double cost = costs.divergence(group);
            if (Double.isFinite(cost)) {
                plans(layers - size, saved - size + 1).forEach(plan -> plans.add(plan.with(group, cost)));
            }
        }
        return plans.stream()
                .sorted(Comparator.comparingDouble(Partial::cost))
                .limit(keep)
                .toList();
    }

    private List<Partial> plans(int layers, int saved) {
        List<List<Partial>> bySaved = best.get(layers);
        return saved < 0 || saved >= bySaved.size() ? List.of() : bySaved.get(saved);
    }

    /** The cheapest plans of a depth, cheapest first; none if groups are too small to reach it. */
    List<Plan> at(int depth) {
        return plans(costs.layers(), costs.layers() - depth).stream()
                .map(plan -> Plan.ofGroups(costs.layers(), plan.groups()))
                .toList();
    }
}
