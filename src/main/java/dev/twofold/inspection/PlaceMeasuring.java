package dev.twofold.inspection;

import dev.twofold.passes.analysis.PlaceCosts;
import dev.twofold.recipe.OpenPlan;
import dev.twofold.source.Source;
import java.util.Optional;

/**
 * Measures the places that plans are made of, each by itself.
 *
 * @param fitted what is refitted to, if anything is
 */
record PlaceMeasuring(
        OpenPlan open, Source source, MeasurementSession session, Optional<CalibrationText> fitted, Host host) {

    /** A plan that saves one step of so many takes few long runs, the best of them. */
    private static final int FEW = 3;

    /**
     * As they are.
     *
     * @param timed whether plans are chosen for their speed, which pairs and merges both may give
     */
    PlaceCosts plain(boolean timed) {
        boolean merges = open.merging().isPresent() && source.decoder().facts().stepsPerLayer() > 1;
        StepCosts.Kinds kinds = !merges ? StepCosts.Kinds.PAIRS : timed ? StepCosts.Kinds.BOTH : StepCosts.Kinds.MERGES;
        StepCosts measure = new StepCosts(source.decoder(), session.screening(), open.form(), host.progress());
        Integer steps = open.options().steps();
        PlaceCosts costs = measure.plain(
                kinds, steps == null || steps > source.decoder().steps().size() / FEW);
        session.screened();
        return costs;
    }

    /** Refitted, if the model is going to be. */
    Optional<PlaceCosts> refitted(PlaceCosts plain) {
        return open.fit().map(fit -> {
            CalibrationText text = fitted.orElseThrow();
            WholePlans whole = new WholePlans(open, source, session, fitted, host);
            try (TextMeasurement unseen = whole.unseen(text)) {
                return new StepCosts(source.decoder(), unseen, open.form(), host.progress())
                        .refitted(plain, text.spaced(StepCosts.TRIAL_TOKENS), fit, host.with(notice -> {}));
            }
        });
    }
}
