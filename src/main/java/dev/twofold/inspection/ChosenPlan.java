package dev.twofold.inspection;

import dev.twofold.layers.Plan;
import dev.twofold.measure.LossLimit;
import dev.twofold.measure.PlanScore;
import dev.twofold.passes.analysis.ChoosePairs;
import dev.twofold.passes.compensate.Compensate;
import dev.twofold.passes.quantize.Place;
import dev.twofold.recipe.OpenBits;
import dev.twofold.recipe.OpenPlan;
import dev.twofold.recipe.TextFits;
import dev.twofold.source.Source;
import java.util.List;
import java.util.Optional;

/**
 * A plan that was chosen, and why.
 *
 * @param base the original's score on the calibration text
 * @param heldOut the plan's scores on the held-out text, if there is one
 * @param together what was chosen with it, if bits share its limit
 */
public record ChosenPlan(
        ChoosePairs.Options options,
        Passages passages,
        PlanScore base,
        PlanChoice choice,
        Optional<HeldOut> heldOut,
        Optional<ChosenTogether> together) {

    /** Scores on a text that nothing was chosen by. */
    public record HeldOut(PlanScore base, PlanScore plan) {

        public double increase() {
            return plan.increase(base);
        }
    }

    /**
     * Measures what is not known yet, and chooses.
     *
     * @param shared bits that are chosen with it, within the same limit
     */
    public static ChosenPlan of(
            OpenPlan open, Optional<OpenBits> shared, Source source, Texts texts, MeasurementCache cache, Host host) {
        ChoosePairs.Options options = open.options();
        TextFits fits = new TextFits(open.recipe());
        boolean fitting = options.mergesSteps()
                && (shared.isPresent() ? fits.any() : open.fit().isPresent());
        int tokens = shared.isPresent()
                ? fits.tokens()
                : open.fit().map(Compensate.Options::tokens).orElse(0);
        Optional<CalibrationText> fitted =
                fitting ? Optional.of(CalibrationText.of(source, texts.calibrating(), tokens, host)) : Optional.empty();
        int rounded = shared.map(OpenBits::tokens).orElse(0);
        int taken = Math.max(fitted.map(CalibrationText::tokens).orElse(0), rounded);
        Passages passages = Passages.of(source, texts, Optional.ofNullable(options.tokens()), taken, host);
        try (MeasurementSession session = new MeasurementSession(source, passages, open.form(), cache, host)) {
            Optional<ChosenTogether> together = shared.map(bits -> new JointChoice(
                            open, source, session, fitted, new BitMeasuring(source, texts, cache, host), host)
                    .make());
            PlanChoice choice = together.map(both -> both.planChoice(session.calibration()))
                    .orElseGet(() -> options.mergesSteps()
                            ? new StepChoice(open, source, session, fitted, host).make()
                            : PlanChoice.make(options, session, host.progress()));
            Optional<HeldOut> heldOut = session.heldOut()
                    .map(text ->
                            new HeldOut(text.base(), text.score(choice.plan().plan())));
            return new ChosenPlan(options, passages, session.calibration().base(), choice, heldOut, together);
        }
    }

    /** The places with 8 bits, if they were chosen with it. */
    public Optional<List<Place>> bits() {
        return together.map(both -> both.bits().places());
    }

    public Plan plan() {
        return choice.plan().plan();
    }

    /** Rise of the perplexity on the calibration text, as a share. */
    public double measured() {
        return choice.plan().score().increase(base);
    }

    /** The same as the costs of the groups by themselves foretell it. */
    public double predicted() {
        return Math.expm1(choice.plan().predictedLoss() - base.loss());
    }

    public LossLimit limit() {
        return options.maxLoss() == null ? LossLimit.DEFAULT : options.maxLoss();
    }
}
