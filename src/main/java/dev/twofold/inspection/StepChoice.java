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
import dev.twofold.recipe.OpenPlan;
import dev.twofold.source.Source;
import java.util.Comparator;
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

    PlanChoice make() {
        ChoosePairs.Options options = open.options();
        Optional<PlanSpeed> speed = Optional.ofNullable(options.hardware())
                .map(name -> new PlanSpeed(source.decoder(), open::with, HardwareChoice.of(name)));
        int stepsPerLayer = source.decoder().facts().stepsPerLayer();
        ToIntFunction<Place> saving = speed.<ToIntFunction<Place>>map(model -> model::saving)
                .orElse(place -> place.stepsSaved(stepsPerLayer));
        WholePlans whole = new WholePlans(open, source, session, fitted, host);
        PlaceMeasuring places = new PlaceMeasuring(open, source, session, fitted, host);
        PlaceCosts plain = places.plain(speed.isPresent());
        Optional<PlaceCosts> refitted = places.refitted(plain);
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
        return new LimitSearch<>(
                        Math.log1p(limit.share().doubleValue()),
                        budget -> Optional.of(cheapest.within(budget)).filter(plan -> !plan.isEmpty()),
                        costs::predicted,
                        this::rise,
                        Comparator.comparingInt((Plan plan) -> saved(plan, saving)))
                .best()
                .orElseGet(() -> Plan.none(costs.layers()));
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
