package dev.twofold.inspection;

import dev.twofold.estimate.HardwareChoice;
import dev.twofold.inspection.JointFrontier.Both;
import dev.twofold.inspection.JointFrontier.Pick;
import dev.twofold.layers.Plan;
import dev.twofold.measure.LossLimit;
import dev.twofold.passes.analysis.CheapestPlaces;
import dev.twofold.passes.analysis.PlaceCosts;
import dev.twofold.passes.quantize.BitChoice;
import dev.twofold.passes.quantize.BitCost;
import dev.twofold.recipe.OpenBits;
import dev.twofold.recipe.OpenPlan;
import dev.twofold.recipe.Recipe;
import dev.twofold.source.Source;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Chooses a plan and bits together: what is predicted to be fastest on some hardware, of all that keeps one limit when both are measured
 * as they are going to be, refitted and rounded.
 *
 * @param fitted what is refitted to and rounded by, if anything is
 */
record JointChoice(
        OpenPlan open,
        Source source,
        MeasurementSession session,
        Optional<CalibrationText> fitted,
        BitMeasuring measuring,
        Host host) {

    ChosenTogether make() {
        LossLimit limit = Objects.requireNonNull(open.options().maxLoss());
        Plan none = Plan.none(source.decoder().facts().layers());
        PlanSpeed speed = new PlanSpeed(
                source.decoder(),
                open::with,
                HardwareChoice.of(Objects.requireNonNull(open.options().hardware())));
        PlaceMeasuring places = new PlaceMeasuring(open, source, session, fitted, host);
        PlaceCosts plain = places.plain(true);
        PlaceCosts costs = places.refitted(plain).orElse(plain);
        List<BitCost> bits = measuring.costs(OpenBits.in(open.with(none)).orElseThrow());
        JointFrontier frontier = new JointFrontier(
                costs,
                new CheapestPlaces(costs, speed::saving, 1),
                BitChoice.frontier(bits),
                both -> speed.seconds(recipe(both)));
        Map<Both, List<Double>> rises = new HashMap<>();
        RecipeRises measured = new RecipeRises(source, fitted, host);
        Pick pick = new LimitSearch<>(
                        Math.log1p(limit.share().doubleValue()),
                        frontier::fastest,
                        Pick::loss,
                        choice -> Collections.max(rises(rises, choice, measured)),
                        Comparator.comparingDouble(Pick::seconds).reversed())
                .best()
                .orElseGet(frontier::safest);
        List<Double> nats = rises(rises, pick, measured);
        List<Double> shares = nats.stream().map(Math::expm1).toList();
        double worst = Collections.max(nats);
        double plainly = speed.seconds(unrounded(none));
        ChosenTogether.Speeds speeds = new ChosenTogether.Speeds(
                plainly / speed.seconds(unrounded(pick.both().plan())),
                plainly / speed.seconds(recipe(new Both(none, pick.both().bits()))),
                plainly / pick.seconds());
        if (!limit.allows(Math.expm1(worst))) {
            host.notice(String.format(
                    Locale.ROOT,
                    "note: even with 8 bits in all %d places that were measured, and every layer as it was, the perplexity rises by"
                            + " %.2f%% (limit %s)",
                    bits.size(),
                    100 * Math.expm1(worst),
                    limit));
        }
        return new ChosenTogether(
                limit, pick.both().plan(), pick.stepsLoss(), pick.both().bits(), bits.size(), speeds, shares);
    }

    /** With nothing left open. */
    private Recipe recipe(Both both) {
        return OpenBits.in(open.with(both.plan()))
                .orElseThrow()
                .with(both.bits().places());
    }

    private Recipe unrounded(Plan plan) {
        return OpenBits.in(open.with(plan)).orElseThrow().unrounded();
    }

    /** How much the loss rises on each text, in nats. */
    private List<Double> rises(Map<Both, List<Double>> known, Pick pick, RecipeRises measured) {
        return known.computeIfAbsent(pick.both(), both -> measured.of(recipe(both), session.texts()));
    }
}
