package dev.twofold.inspection;

import dev.twofold.diag.Progress;
import dev.twofold.diag.TwofoldException;
import dev.twofold.layers.Plan;
import dev.twofold.measure.LossLimit;
import dev.twofold.measure.MeasuredPlan;
import dev.twofold.passes.analysis.ChoosePairs;
import dev.twofold.passes.analysis.PlanSearch.Found;
import java.util.List;
import java.util.Optional;

/**
 * The plan that a measurement recommends.
 *
 * @param plan its groups and scores on the calibration text
 * @param rejected shallower plans that keep the limit on the calibration text, and not on the held-out one
 * @param speedup that is predicted for the hardware that was named, if one was
 */
public record PlanChoice(MeasuredPlan plan, List<MeasuredPlan> rejected, Optional<Double> speedup) {

    /** A plan that was chosen by its loss alone. */
    PlanChoice(MeasuredPlan plan, List<MeasuredPlan> rejected) {
        this(plan, rejected, Optional.empty());
    }

    /** Measures what has to be, and chooses. */
    public static PlanChoice make(ChoosePairs.Options options, MeasurementSession session, Progress progress) {
        TextMeasurement calibration = session.calibration();
        int group = Math.min(options.groupLimit(), calibration.layerCount());
        Integer depth = options.depth();
        if (depth != null && depth == calibration.layerCount()) {
            return new PlanChoice(unpaired(calibration), List.of());
        }
        if (depth != null) {
            PlanFrontier frontier = PlanFrontier.downTo(depth, group, session, progress);
            return new PlanChoice(atDepth(frontier, depth), List.of());
        }
        LossLimit limit = options.maxLoss() == null ? LossLimit.DEFAULT : options.maxLoss();
        return within(limit, PlanFrontier.within(limit, group, session, progress), calibration, session.heldOut());
    }

    private static MeasuredPlan atDepth(PlanFrontier frontier, int depth) {
        return frontier.found().stream()
                .map(Found::chosen)
                .filter(plan -> plan.plan().depth() == depth)
                .findFirst()
                .orElseThrow(() -> TwofoldException.input("no plan of an effective depth of " + depth + " was found")
                        .found("every one needs a group around a pair that ruins the model by itself")
                        .hint("ask for a greater depth, or name layers yourself with --pairs"));
    }

    /** The shallowest plan within the limit on both texts. */
    public static PlanChoice within(
            LossLimit limit, PlanFrontier frontier, TextMeasurement calibration, Optional<TextMeasurement> heldOut) {
        List<MeasuredPlan> kept = frontier.found().stream()
                .map(Found::chosen)
                .filter(plan -> limit.allows(plan.score().increase(calibration.base())))
                .toList();
        for (int i = kept.size() - 1; i >= 0; i--) {
            Plan grouping = kept.get(i).plan();
            if (heldOut.stream()
                    .allMatch(text -> limit.allows(text.score(grouping).increase(text.base())))) {
                return new PlanChoice(kept.get(i), kept.subList(i + 1, kept.size()));
            }
        }
        return new PlanChoice(unpaired(calibration), kept);
    }

    private static MeasuredPlan unpaired(TextMeasurement calibration) {
        Plan none = Plan.none(calibration.layerCount());
        return new MeasuredPlan(none, calibration.base().loss(), calibration.base());
    }
}
