package dev.twofold.inspection;

import dev.twofold.diag.Progress;
import dev.twofold.layers.Plan;
import dev.twofold.measure.LossLimit;
import dev.twofold.measure.PlanScore;
import dev.twofold.passes.analysis.GroupCosts;
import dev.twofold.passes.analysis.PlanSearch;
import dev.twofold.passes.analysis.PlanSearch.Effort;
import dev.twofold.passes.analysis.PlanSearch.Found;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * The best plans of each effective depth, from one less than the number of layers down.
 *
 * @param costs of groups by themselves
 * @param found by depth, deepest first
 */
public record PlanFrontier(GroupCosts costs, List<Found> found) {

    public PlanFrontier {
        found = List.copyOf(found);
    }

    /**
     * Searches down to a depth.
     *
     * @param groupLimit layers in the largest group
     */
    public static PlanFrontier downTo(
            int depth, int groupLimit, Effort effort, TextMeasurement text, Progress progress) {
        return search(depth, groupLimit, effort, text, progress, found -> false);
    }

    /** Searches until two depths in a row are beyond a limit. */
    public static PlanFrontier within(LossLimit limit, int groupLimit, TextMeasurement text, Progress progress) {
        int shallowest = (text.layerCount() + groupLimit - 1) / groupLimit;
        return search(
                shallowest,
                groupLimit,
                Effort.CHOICE,
                text,
                progress,
                found -> found.size() >= 2
                        && found.subList(found.size() - 2, found.size()).stream()
                                .noneMatch(last ->
                                        limit.allows(last.chosen().score().increase(text.base()))));
    }

    private static PlanFrontier search(
            int shallowest,
            int groupLimit,
            Effort effort,
            TextMeasurement text,
            Progress progress,
            Predicate<List<Found>> end) {
        int layers = text.layerCount();
        text.base();
        GroupCosts costs = costs(groupLimit, text, progress);
        PlanSearch search = new PlanSearch(text, costs, groupLimit, effort);
        List<Found> found = new ArrayList<>();
        progress.begin("choosing plans", layers - shallowest, Progress.Unit.DEPTHS);
        for (int depth = layers - 1; depth >= shallowest && !end.test(found); depth--) {
            search.at(depth).ifPresent(found::add);
            text.save();
            progress.advance(1);
        }
        progress.end();
        return new PlanFrontier(costs, found);
    }

    private static GroupCosts costs(int groupLimit, TextMeasurement text, Progress progress) {
        int layers = text.layerCount();
        int groups = IntStream.rangeClosed(2, groupLimit)
                .map(size -> GroupCosts.candidates(layers, size).size())
                .sum();
        progress.begin("costs of groups", groups, Progress.Unit.PLANS);
        GroupCosts costs = GroupCosts.measure(plan -> counted(text, plan, progress), layers, groupLimit);
        text.save();
        progress.end();
        return costs;
    }

    private static PlanScore counted(TextMeasurement text, Plan plan, Progress progress) {
        PlanScore score = text.score(plan);
        progress.advance(plan.groups().isEmpty() ? 0 : 1);
        return score;
    }
}
