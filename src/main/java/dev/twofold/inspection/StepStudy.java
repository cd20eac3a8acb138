package dev.twofold.inspection;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Progress;
import dev.twofold.layers.Plan;
import dev.twofold.measure.MeasuredPlan;
import dev.twofold.passes.analysis.CheapestPlaces;
import dev.twofold.passes.analysis.PlaceCosts;
import dev.twofold.passes.rewrite.PairLayers;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What merged steps cost: every run by itself, and the plans that are predicted to be cheapest.
 *
 * @param costs of runs by themselves
 * @param plans that save more and more steps, each measured whole
 */
record StepStudy(PlaceCosts costs, List<MeasuredPlan> plans) {

    /** So many plans, the last of which saves nearly half of the steps: beyond it only long runs are left. */
    private static final int PLANS = 6;

    private static final double MOST = 0.47;

    /** @return empty for a model whose layers are one step each */
    static Optional<StepStudy> of(
            MeasurementSession session, Decoder decoder, PairLayers.Form form, Progress progress) {
        if (decoder.facts().stepsPerLayer() < 2) {
            return Optional.empty();
        }
        TextMeasurement text = session.calibration();
        PlaceCosts costs =
                new StepCosts(decoder, session.screening(), form, progress).plain(StepCosts.Kinds.MERGES, false);
        session.screened();
        CheapestPlaces cheapest = new CheapestPlaces(costs, place -> place.stepsSaved(2), 1);
        int steps = 2 * costs.layers();
        List<MeasuredPlan> plans = new ArrayList<>();
        progress.begin("plans of merged steps", PLANS, Progress.Unit.PLANS);
        for (int i = 1; i <= PLANS; i++) {
            int saved = (int) Math.max(1, Math.floor(MOST * steps * i / PLANS));
            if (plans.isEmpty() || plans.get(plans.size() - 1).plan().stepsSaved(2) < saved) {
                cheapest.atLeast(saved).forEach(plan -> plans.add(measured(plan, costs, text)));
            }
            progress.advance(1);
        }
        text.save();
        progress.end();
        return Optional.of(new StepStudy(costs, List.copyOf(plans)));
    }

    private static MeasuredPlan measured(Plan plan, PlaceCosts costs, TextMeasurement text) {
        return new MeasuredPlan(plan, text.base().loss() + costs.predicted(plan), text.score(plan));
    }
}
