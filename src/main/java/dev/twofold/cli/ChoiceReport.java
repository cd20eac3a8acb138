package dev.twofold.cli;

import dev.twofold.inspection.ChosenPlan;
import dev.twofold.inspection.Passages;
import dev.twofold.layers.Plan;
import dev.twofold.measure.MeasuredPlan;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Why a plan was chosen, for people and as JSON. */
record ChoiceReport(ChosenPlan chosen) {

    Map<String, Object> document() {
        Map<String, Object> document = new LinkedHashMap<>();
        if (chosen.options().depth() == null) {
            document.put("maxLoss", chosen.limit().share());
        } else {
            document.put("depth", chosen.options().depth());
        }
        Passages.Passage calibration = chosen.passages().calibration();
        document.put("text", calibration.name());
        document.put("tokens", calibration.windows().tokens());
        document.put("baseLoss", chosen.base().loss());
        document.put("predictedLoss", chosen.choice().plan().predictedLoss());
        document.put("measuredLoss", chosen.choice().plan().score().loss());
        document.put("perplexityIncrease", chosen.measured());
        chosen.heldOut().ifPresent(score -> {
            Map<String, Object> check = new LinkedHashMap<>();
            chosen.passages().heldOut().ifPresent(passage -> {
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
                chosen.choice().rejected().stream()
                        .map(MeasuredPlan::plan)
                        .map(Plan::toString)
                        .toList());
        return document;
    }

    /**
     * Lines for people.
     *
     * @param compensated whether the model was refitted after it was chosen
     */
    List<String> lines(boolean compensated) {
        String goal = chosen.options().depth() == null
                ? "the shallowest that raises the perplexity by at most " + chosen.limit()
                : "the best of effective depth " + chosen.options().depth();
        String check = chosen.heldOut()
                .map(score -> String.format(
                        Locale.ROOT,
                        ", %+.2f%% on %s",
                        100 * score.increase(),
                        chosen.passages().heldOut().map(Passages.Passage::name).orElse("")))
                .orElse("");
        String measured = String.format(
                Locale.ROOT,
                "%+.2f%% predicted, %+.2f%% measured on %s%s%s",
                100 * chosen.predicted(),
                100 * chosen.measured(),
                chosen.passages().calibration().name(),
                check,
                compensated ? "; all before compensation" : "");
        String rejected = chosen.choice().rejected().isEmpty()
                ? ""
                : chosen.choice().rejected().size() + " shallower plan(s) kept the limit on the first text only";
        return rejected.isEmpty() ? List.of(goal, measured) : List.of(goal, measured, rejected);
    }
}
