package dev.twofold.inspection;

import dev.twofold.diag.TwofoldException;
import dev.twofold.estimate.HardwareChoice;
import dev.twofold.layers.Place;
import dev.twofold.layers.Plan;
import dev.twofold.measure.LossLimit;
import dev.twofold.measure.MeasuredPlan;
import dev.twofold.measure.PlanScore;
import dev.twofold.passes.analysis.CheapestPlaces;
import dev.twofold.passes.analysis.ChoosePairs;
import dev.twofold.passes.analysis.Finalists;
import dev.twofold.passes.analysis.PlaceCosts;
import dev.twofold.passes.compensate.Compensate;
import dev.twofold.recipe.OpenPlan;
import dev.twofold.source.Source;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/**
 * Chooses which steps merge and which layers pair: for so many steps, for a speed-up on some hardware, or for the most speed
 * within a loss.
 *
 * <p>Every place is measured by itself, refitted if the model is going to be; a dynamic programme puts the cheapest together.
 * Costs of places add up to less than a plan costs, so that a few plans are measured whole, refitted too if the model is going
 * to be.
 *
 * @param fitted what is refitted to, if anything is
 */
record StepChoice(
        OpenPlan open, Source source, MeasurementSession session, Optional<CalibrationText> fitted, Host host) {

    /** A plan that saves one step of so many takes few long runs, the best of them. */
    private static final int FEW = 3;

    /** Plans that are measured on the way to a loss, at most. */
    private static final int ROUNDS = 6;

    /** How far a budget moves in one of these. */
    private static final double LEAST_STEP = 0.3;

    private static final double MOST_STEP = 3;

    /** Below a limit by this share is close enough to it. */
    private static final double CLOSE = 0.9;

    PlanChoice make() {
        ChoosePairs.Options options = open.options();
        Optional<PlanSpeed> speed = Optional.ofNullable(options.hardware())
                .map(name -> new PlanSpeed(source.decoder(), open::with, HardwareChoice.of(name)));
        int stepsPerLayer = source.decoder().facts().stepsPerLayer();
        ToIntFunction<Place> saving = speed.<ToIntFunction<Place>>map(model -> model::saving)
                .orElse(place -> place.stepsSaved(stepsPerLayer));
        WholePlans whole = new WholePlans(open, source, session, fitted, host);
        PlaceCosts plain = plain(speed.isPresent(), stepsPerLayer);
        Optional<PlaceCosts> refitted = open.fit().map(fit -> refitted(plain, fit, whole));
        PlaceCosts costs = refitted.orElse(plain);
        Finalists finalists = refitted.map(own -> Finalists.refitted(plain, own, saving))
                .orElseGet(() -> Finalists.plain(plain, saving));
        Plan plan = options.steps() != null
                ? whole.best(finalists.atLeast(options.steps()), options.steps() + " steps")
                : options.speedup() != null
                        ? fast(options.speedup(), speed.orElseThrow(), finalists, whole)
                        : within(options.maxLoss() == null ? LossLimit.DEFAULT : options.maxLoss(), costs, saving);
        TextMeasurement text = session.calibration();
        return new PlanChoice(
                new MeasuredPlan(plan, text.base().loss() + costs.predicted(plan), text.score(plan)),
                List.of(),
                speed.map(model -> model.speedup(plan)));
    }

    private PlaceCosts plain(boolean timed, int stepsPerLayer) {
        boolean merges = open.merging().isPresent() && stepsPerLayer > 1;
        StepCosts.Kinds kinds = !merges ? StepCosts.Kinds.PAIRS : timed ? StepCosts.Kinds.BOTH : StepCosts.Kinds.MERGES;
        StepCosts measure = new StepCosts(source.decoder(), session.screening(), open.form(), host.progress());
        Integer steps = open.options().steps();
        return measure.plain(
                kinds, steps == null || steps > source.decoder().steps().size() / FEW);
    }

    private PlaceCosts refitted(PlaceCosts plain, Compensate.Options fit, WholePlans whole) {
        CalibrationText text = fitted.orElseThrow();
        try (TextMeasurement unseen = whole.unseen(text)) {
            return new StepCosts(source.decoder(), unseen, open.form(), host.progress())
                    .refitted(plain, text.spaced(StepCosts.TRIAL_TOKENS), fit, host.with(notice -> {}));
        }
    }

    /** Times of places do not quite add up either, so that a plan may have to save a little more. */
    private Plan fast(double speedup, PlanSpeed speed, Finalists finalists, WholePlans whole) {
        int greatest = finalists.most();
        for (int saving = PlanSpeed.savingFor(speedup); saving <= greatest; saving += Math.max(1, saving / 50)) {
            List<Plan> plans = finalists.atLeast(saving).stream()
                    .filter(plan -> speed.speedup(plan) >= speedup)
                    .toList();
            if (!plans.isEmpty()) {
                return whole.best(plans, "that much");
            }
        }
        List<Plan> most = finalists.atLeast(greatest);
        throw TwofoldException.input("no plan is predicted to be that fast")
                .at("--speedup " + speedup)
                .found(String.format(
                        Locale.ROOT, "%.2f times as fast at most", most.isEmpty() ? 1 : speed.speedup(most.get(0))))
                .hint("ask for less, or for more devices: on one, a merge saves no kernels, and only pairs do");
    }

    /** The plan that saves most within a limit on both texts, as near as a few measurements come. */
    private Plan within(LossLimit limit, PlaceCosts costs, ToIntFunction<Place> saving) {
        CheapestPlaces cheapest = new CheapestPlaces(costs, saving, 1);
        double allowed = Math.log1p(limit.share().doubleValue());
        double budget = allowed;
        Plan best = Plan.none(costs.layers());
        List<Plan> tried = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            Plan plan = cheapest.within(budget);
            if (plan.isEmpty() || tried.contains(plan)) {
                return best;
            }
            tried.add(plan);
            double rise = rise(plan);
            if (rise <= allowed && saved(plan, saving) > saved(best, saving)) {
                best = plan;
            }
            if (rise <= allowed && rise >= CLOSE * allowed) {
                return best;
            }
            double step = rise > 0 ? CLOSE * allowed / rise : MOST_STEP;
            budget = costs.predicted(plan) * Math.max(LEAST_STEP, Math.min(MOST_STEP, step));
        }
        return best;
    }

    private static int saved(Plan plan, ToIntFunction<Place> saving) {
        return plan.places().stream().mapToInt(saving).sum();
    }

    /** The rise of the loss on the text where it rises most, in nats. */
    private double rise(Plan plan) {
        List<TextMeasurement> texts = session.texts();
        List<PlanScore> scores = fitted.map(text -> new RefittedPlans(source, open.form(), text, host)
                        .scores(plan, open.fit().orElseThrow(), texts))
                .orElseGet(() -> texts.stream().map(text -> text.score(plan)).toList());
        return IntStream.range(0, texts.size())
                .mapToDouble(i -> scores.get(i).loss() - texts.get(i).base().loss())
                .max()
                .orElseThrow();
    }
}
