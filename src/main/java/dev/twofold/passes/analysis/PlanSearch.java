package dev.twofold.passes.analysis;

import dev.twofold.layers.LayerRange;
import dev.twofold.layers.Plan;
import dev.twofold.measure.MeasuredPlan;
import dev.twofold.passes.analysis.GroupCosts.Extent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Finds the plan of least measured loss at a depth. Candidates are the plans that the dynamic programme predicts to be
 * the cheapest, those one layer shallower than the best of the depth before, and contiguous windows of pairs; all are
 * measured, because costs interact. Then greedy repair, in a few rounds: if a plan one cut and one join away measures
 * better, it takes its place.
 *
 * <p>The result is never worse than the window of its depth that was found, as measured on the same text.
 */
public final class PlanSearch {

    /**
     * How many plans are measured for each depth.
     *
     * @param cheapest plans of the dynamic programme
     * @param shallower plans one layer shallower than the best before
     * @param neighbours in one round of repair
     * @param rounds of repair at most
     * @param allWindows whether every window is measured that could win, or that one only which is predicted to
     * @param depths that are searched, at most, evenly spaced
     * @param groups that are measured by themselves
     */
    public record Effort(
            int cheapest, int shallower, int neighbours, int rounds, boolean allWindows, int depths, Extent groups) {

        /** To choose a plan that will be used. */
        public static final Effort CHOICE = new Effort(3, 3, 3, 2, true, Integer.MAX_VALUE, Extent.ALL);

        /** To see how loss rises with depth: two plans for each, the predicted best of its kind. */
        public static final Effort SURVEY = new Effort(1, 0, 0, 0, false, 8, Extent.PROMISING);

        /** The depths that are searched, from one less than the number of layers down to the shallowest. */
        public List<Integer> depths(int layers, int shallowest) {
            int all = layers - shallowest;
            int count = Math.min(all, depths);
            return IntStream.range(0, count)
                    .mapToObj(i -> layers - 1 - (count == 1 ? 0 : Math.round((float) i * (all - 1) / (count - 1))))
                    .toList();
        }
    }

    /** A window is not measured if one of its pairs by itself diverges this many times as far as the best window so far, ... */
    private static final double OUTDONE = 3;

    /** ... and this much more, in nats. */
    private static final double MARGIN = 0.005;

    private final PlanScores scores;
    private final double base;
    private final GroupCosts costs;
    private final Effort effort;
    private final CheapestPlans cheapest;
    private final Neighbours neighbours;
    private Optional<MeasuredPlan> previous = Optional.empty();

    /**
     * @param costs perhaps measured on less text
     * @param limit layers in the largest group
     */
    public PlanSearch(PlanScores scores, GroupCosts costs, int limit, Effort effort) {
        this.scores = scores;
        this.base = scores.score(Plan.none(costs.layers())).loss();
        this.costs = costs;
        this.effort = effort;
        this.cheapest = new CheapestPlans(costs, limit, effort.cheapest());
        this.neighbours = new Neighbours(limit);
    }

    /**
     * What was found at a depth.
     *
     * @param chosen the best plan measured
     * @param window the best contiguous window of pairs, of those measured; empty if the depth is below half the layers
     */
    public record Found(MeasuredPlan chosen, Optional<MeasuredPlan> window) {}

    /**
     * Searches a depth. Depths are searched one after the other, from one less than the number of layers down.
     *
     * @return empty if groups are too small to reach the depth
     */
    public Optional<Found> at(int depth) {
        Optional<MeasuredPlan> window = bestWindow(depth);
        List<MeasuredPlan> candidates = new ArrayList<>(window.stream().toList());
        cheapest.at(depth).stream().map(this::measure).forEach(candidates::add);
        previous.filter(plan -> plan.plan().depth() == depth + 1)
                .ifPresent(plan -> promising(neighbours.shallower(plan.plan()), effort.shallower()).stream()
                        .map(this::measure)
                        .forEach(candidates::add));
        Optional<MeasuredPlan> best = candidates.stream().min(BY_LOSS).map(this::repair);
        previous = best;
        return best.map(chosen -> new Found(chosen, window));
    }

    private static final Comparator<MeasuredPlan> BY_LOSS =
            Comparator.comparingDouble(plan -> plan.score().loss());

    private MeasuredPlan measure(Plan plan) {
        return new MeasuredPlan(plan, base + costs.predicted(plan), scores.score(plan));
    }

    private List<Plan> promising(Collection<Plan> plans, int count) {
        return plans.stream()
                .filter(plan -> Double.isFinite(costs.divergence(plan)))
                .sorted(Comparator.comparingDouble((Plan plan) -> costs.divergence(plan)))
                .limit(count)
                .toList();
    }

    private MeasuredPlan repair(MeasuredPlan start) {
        MeasuredPlan best = start;
        Set<Plan> tried = new HashSet<>();
        for (int round = 0; round < effort.rounds(); round++) {
            Set<Plan> untried = neighbours.level(best.plan());
            untried.removeAll(tried);
            List<Plan> next = promising(untried, effort.neighbours());
            tried.addAll(next);
            MeasuredPlan nearest = next.stream().map(this::measure).min(BY_LOSS).orElse(best);
            if (nearest.score().loss() >= best.score().loss()) {
                return best;
            }
            best = nearest;
        }
        return best;
    }

    /** The best contiguous window of pairs of a depth, of those measured. */
    private Optional<MeasuredPlan> bestWindow(int depth) {
        int layers = costs.layers();
        List<Plan> windows = windows(layers, layers - depth);
        windows.sort(Comparator.comparingDouble(costs::predicted));
        Optional<MeasuredPlan> best = Optional.empty();
        for (Plan window : windows) {
            double bound =
                    best.map(plan -> plan.score().kl() * OUTDONE + MARGIN).orElse(Double.POSITIVE_INFINITY);
            if (window.groups().stream().anyMatch(pair -> costs.divergence(pair) > bound)) {
                continue;
            }
            MeasuredPlan measured = measure(window);
            if (best.isEmpty() || BY_LOSS.compare(measured, best.get()) < 0) {
                best = Optional.of(measured);
            }
            if (!effort.allWindows()) {
                return best;
            }
        }
        return best;
    }

    private static List<Plan> windows(int layers, int pairs) {
        List<Plan> windows = new ArrayList<>();
        for (int begin = 0; begin + 2 * pairs <= layers; begin++) {
            List<LayerRange> groups = new ArrayList<>();
            for (int pair = 0; pair < pairs; pair++) {
                groups.add(new LayerRange(begin + 2 * pair, begin + 2 * pair + 1));
            }
            windows.add(Plan.ofGroups(layers, groups));
        }
        return windows;
    }
}
