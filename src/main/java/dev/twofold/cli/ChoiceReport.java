package dev.twofold.cli;

import dev.twofold.inspection.ChosenPlan;
import dev.twofold.inspection.Passages;
import dev.twofold.layers.Plan;
import dev.twofold.measure.MeasuredPlan;
import dev.twofold.passes.analysis.ChoosePairs;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** Why a plan was chosen, for people and as JSON. */
record ChoiceReport(ChosenPlan chosen) {

    Map<String, Object> document() {
        Map<String, Object> document = new LinkedHashMap<>();
        ChoosePairs.Options options = chosen.options();
        if (options.depth() != null) {
            document.put("depth", options.depth());
        } else if (options.steps() != null) {
            document.put("steps", options.steps());
        } else if (options.speedup() != null) {
            document.put("speedup", options.speedup());
        } else {
            document.put("maxLoss", chosen.limit().share());
        }
        if (options.hardware() != null) {
            document.put("hardware", options.hardware());
        }
        chosen.choice().speedup().ifPresent(speedup -> document.put("predictedSpeedup", speedup));
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
        chosen.together().ifPresent(both -> document.put("together", new TogetherReport(both, chosen).document()));
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
        String check = chosen.heldOut()
                .map(score -> String.format(
                        Locale.ROOT,
                        ", %+.2f%% on %s",
                        100 * score.increase(),
                        chosen.passages().heldOut().map(Passages.Passage::name).orElse("")))
                .orElse("");
        boolean refitted = compensated && chosen.options().mergesSteps();
        String measured = String.format(
                Locale.ROOT,
                (chosen.together().isPresent() ? "the plan by itself: " : "")
                        + "%+.2f%% predicted%s, %+.2f%% measured on %s%s%s",
                100 * chosen.predicted(),
                refitted ? " with compensation" : "",
                100 * chosen.measured(),
                chosen.passages().calibration().name(),
                check,
                refitted ? " without" : compensated ? "; all before compensation" : "");
        String rejected = chosen.choice().rejected().isEmpty()
                ? ""
                : chosen.choice().rejected().size() + " shallower plan(s) kept the limit on the first text only";
        Stream<String> both =
                chosen.together().stream().flatMap(choice -> new TogetherReport(choice, chosen).lines().stream());
        return Stream.of(Stream.of(goal()), both, Stream.of(measured, rejected).filter(line -> !line.isEmpty()))
                .flatMap(line -> line)
                .toList();
    }

    private String goal() {
        ChoosePairs.Options options = chosen.options();
        String speed = chosen.together()
                .map(both -> both.speeds().both())
                .or(() -> chosen.choice().speedup())
                .map(speedup ->
                        String.format(Locale.ROOT, ", predicted %.2f times as fast on %s", speedup, options.hardware()))
                .orElse("");
        if (options.depth() != null) {
            return "the best of effective depth " + options.depth();
        } else if (options.steps() != null) {
            return "the best that saves " + options.steps() + " steps";
        } else if (options.speedup() != null) {
            return "the best for a speed-up of " + options.speedup() + speed;
        }
        return "the " + (options.hardware() == null ? "shallowest" : "fastest")
                + " that raises the perplexity by at most " + chosen.limit() + speed;
    }
}
