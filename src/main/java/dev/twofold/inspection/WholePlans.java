package dev.twofold.inspection;

import dev.twofold.diag.Progress;
import dev.twofold.diag.TwofoldException;
import dev.twofold.layers.Plan;
import dev.twofold.measure.PlanScore;
import dev.twofold.passes.compensate.Compensate;
import dev.twofold.recipe.OpenPlan;
import dev.twofold.source.Source;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Measures plans whole, each refitted to few tokens if the model is going to be, and takes the best.
 *
 * @param fitted what is refitted to, if anything is
 */
record WholePlans(
        OpenPlan open, Source source, MeasurementSession session, Optional<CalibrationText> fitted, Host host) {

    /** @throws TwofoldException of kind INPUT that names the goal if there are no plans */
    Plan best(List<Plan> finalists, String goal) {
        if (finalists.isEmpty()) {
            throw TwofoldException.input("no plan saves " + goal)
                    .found("every one needs a place that ruins the model by itself")
                    .hint("ask for less, or name places yourself with --pairs and --merge");
        }
        if (finalists.size() == 1) {
            return finalists.get(0);
        }
        return fitted.map(text -> {
                    try (TextMeasurement unseen = unseen(text)) {
                        RefittedPlans trials = new RefittedPlans(
                                source, open.form(), text.spaced(StepCosts.TRIAL_TOKENS), host.with(notice -> {}));
                        Compensate.Options trial = open.fit().orElseThrow().with(StepCosts.TRIAL_RIDGES);
                        return least(
                                finalists,
                                unseen,
                                plan -> trials.scores(plan, trial, List.of(unseen))
                                        .get(0));
                    }
                })
                .orElseGet(() -> {
                    TextMeasurement text = session.calibration();
                    return least(finalists, text, text::score);
                });
    }

    private Plan least(List<Plan> finalists, TextMeasurement text, Function<Plan, PlanScore> score) {
        Map<Plan, Double> divergences = new LinkedHashMap<>();
        host.progress().begin("choosing a plan", finalists.size(), Progress.Unit.PLANS);
        for (Plan plan : finalists) {
            divergences.put(plan, score.apply(plan).kl());
            host.progress().advance(1);
        }
        text.save();
        host.progress().end();
        return Collections.min(divergences.entrySet(), Map.Entry.comparingByValue())
                .getKey();
    }

    /** Tokens that nothing is fitted to: places differ in how much of a small text they can learn by heart. */
    TextMeasurement unseen(CalibrationText text) {
        return session.on(text.check().spaced(StepCosts.CHECKED));
    }
}
