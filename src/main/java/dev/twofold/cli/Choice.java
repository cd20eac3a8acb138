package dev.twofold.cli;

import dev.twofold.diag.Progress;
import dev.twofold.layers.Grouping;
import dev.twofold.measure.LossLimit;
import dev.twofold.measure.MeasuredPlan;
import dev.twofold.measure.PlanScore;
import dev.twofold.passes.analysis.ChoosePairs;
import dev.twofold.pipeline.PlanChoice;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A plan that was chosen, and why, for people and as JSON.
 *
 * @param base the original's score on the calibration text
 * @param heldOut the plan's scores on the held-out text, if there is one
 */
record Choice(
        ChoosePairs.Options options,
        MeasuringOptions.Passages passages,
        PlanScore base,
        PlanChoice made,
        Optional<HeldOut> heldOut) {

    record HeldOut(PlanScore base, PlanScore plan) {
        double increase() {
            return plan.increase(base);
        }
    }

    static Choice of(
            ChoosePairs.Options options, MeasuringOptions.Passages passages, Measuring session, Progress progress) {
        PlanChoice made = PlanChoice.make(options, session.calibration(), session.heldOut(), progress);
        Optional<HeldOut> heldOut = session.heldOut()
                .map(text -> new HeldOut(text.base(), text.score(made.plan().grouping())));
        return new Choice(options, passages, session.calibration().base(), made, heldOut);
    }

    Grouping grouping() {
        return made.plan().grouping();
    }

    private double measured() {
        return made.plan().score().increase(base);
    }

    private double predicted() {
        return Math.expm1(made.plan().predictedLoss() - base.loss());
    }

    Map<String, Object> document() {
        Map<String, Object> document = new LinkedHashMap<>();
        if (options.depth() == null) {
            document.put("maxLoss", limit().share());
        } else {
            document.put("depth", options.depth());
        }
        MeasuringOptions.Passage calibration = passages.calibration();
        document.put("text", calibration.name());
        document.put("tokens", calibration.windows().tokens());
        document.put("baseLoss", base.loss());
        document.put("predictedLoss", made.plan().predictedLoss());
        document.put("measuredLoss", made.plan().score().loss());
        document.put("perplexityIncrease", measured());
        heldOut.ifPresent(score -> {
            Map<String, Object> check = new LinkedHashMap<>();
            passages.heldOut().ifPresent(passage -> {
                check.put("text", passage.name());
                check.put("tokens", passage.windows().tokens());
            });
            check.put("baseLoss", score.base().loss());
            check.put("measuredLoss", score.plan().loss());
            check.put("perplexityIncrease", score.increase());
            document.put("heldOut", check);
        });
        document.put(
                "rejected",
                made.rejected().stream()
                        .map(MeasuredPlan::grouping)
                        .map(Grouping::toString)
                        .toList());
        return document;
    }

    private LossLimit limit() {
        return options.maxLoss() == null ? LossLimit.DEFAULT : options.maxLoss();
    }

    /**
     * Lines for people.
     *
     * @param compensated whether the model was refitted after it was chosen
     */
    List<String> lines(boolean compensated) {
        String goal = options.depth() == null
                ? "the shallowest that raises the perplexity by at most " + limit()
                : "the best of effective depth " + options.depth();
        String check = heldOut.map(score -> String.format(
                        Locale.ROOT,
                        ", %+.2f%% on %s",
                        100 * score.increase(),
                        passages.heldOut().map(MeasuringOptions.Passage::name).orElse("")))
                .orElse("");
        String measured = String.format(
                Locale.ROOT,
                "%+.2f%% predicted, %+.2f%% measured on %s%s%s",
                100 * predicted(),
                100 * measured(),
                passages.calibration().name(),
                check,
                compensated ? "; all before compensation" : "");
        String rejected = made.rejected().isEmpty()
                ? ""
                : made.rejected().size() + " shallower plan(s) kept the limit on the first text only";
        return rejected.isEmpty() ? List.of(goal, measured) : List.of(goal, measured, rejected);
    }
}
