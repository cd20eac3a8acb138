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

    /** Plans that make the perplexity so much larger, as a share of it, are of no use as they are, and shallower ones less. */
    private static final double HOPELESS = 1;

    public PlanFrontier {
        found = List.copyOf(found);
    }

    /**
     * Searches down to a depth.
     *
     * @param groupLimit layers in the largest group
     */
    public static PlanFrontier downTo(int depth, int groupLimit, MeasurementSession session, Progress progress) {
        return search(depth, groupLimit, Effort.CHOICE, session, progress, found -> false);
    }

    /**
     * Looks at a few depths, down to one.
     *
     * @param whole whether depths are of interest at which plans are hopeless as they are, because they will be refitted
     */
    static PlanFrontier survey(
            int depth, int groupLimit, boolean whole, MeasurementSession session, Progress progress) {
        return search(
                depth,
                groupLimit,
                Effort.SURVEY,
                session,
                progress,
                found -> !whole && !found.isEmpty() && hopeless(found.get(found.size() - 1), session));
    }

    private static boolean hopeless(Found last, MeasurementSession session) {
        return last.chosen().score().increase(session.calibration().base()) > HOPELESS;
    }

    /** Searches until two depths in a row are beyond a limit. */
    public static PlanFrontier within(LossLimit limit, int groupLimit, MeasurementSession session, Progress progress) {
        TextMeasurement text = session.calibration();
        int shallowest = (text.layerCount() + groupLimit - 1) / groupLimit;
        return search(
                shallowest,
                groupLimit,
                Effort.CHOICE,
                session,
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
            MeasurementSession session,
            Progress progress,
            Predicate<List<Found>> end) {
        TextMeasurement text = session.calibration();
        int layers = text.layerCount();
        text.base();
        GroupCosts costs = costs(groupLimit, effort.groups(), session.screening(), progress);
        session.screened();
        PlanSearch search = new PlanSearch(text, costs, groupLimit, effort);
        List<Found> found = new ArrayList<>();
        List<Integer> depths = effort.depths(layers, shallowest);
        progress.begin("choosing plans", depths.size(), Progress.Unit.DEPTHS);
        for (int depth : depths) {
            if (end.test(found)) {
                break;
            }
            search.at(depth).ifPresent(found::add);
            text.save();
            progress.advance(1);
        }
        progress.end();
        return new PlanFrontier(costs, found);
    }

    private static GroupCosts costs(int groupLimit, GroupCosts.Extent extent, TextMeasurement text, Progress progress) {
        int layers = text.layerCount();
        int groups = IntStream.rangeClosed(2, groupLimit)
                .map(size -> extent.count(layers, size))
                .sum();
        text.base();
        progress.begin("costs of groups", groups, Progress.Unit.PLANS);
        GroupCosts costs = GroupCosts.measure(plan -> counted(text, plan, progress), layers, groupLimit, extent);
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
