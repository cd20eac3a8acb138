package dev.twofold.cli;

import dev.twofold.inspection.ChosenPlan;
import dev.twofold.inspection.ChosenTogether;
import dev.twofold.inspection.Passages;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** How a limit was shared between a plan and bits, for people and as JSON. */
record TogetherReport(ChosenTogether both, ChosenPlan chosen) {

    Map<String, Object> document() {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("predictedByPlan", steps());
        document.put("predictedByBits", bits());
        document.put("places", both.places());
        document.put("placesOf8Bits", both.bits().raised().size());
        document.put("predictedSpeedups", both.speeds());
        document.put("perplexityIncreases", both.rises());
        document.put("withinLimit", both.kept());
        return document;
    }

    private double steps() {
        return Math.expm1(both.stepsLoss());
    }

    private double bits() {
        return Math.expm1(both.bits().predicted());
    }

    List<String> lines() {
        List<String> names = Stream.concat(
                        Stream.of(chosen.passages().calibration()), chosen.passages().heldOut().stream())
                .map(Passages.Passage::name)
                .toList();
        String rises = IntStream.range(0, names.size())
                .mapToObj(text -> String.format(
                        Locale.ROOT, "%+.2f%% on %s", 100 * both.rises().get(text), names.get(text)))
                .collect(Collectors.joining(", "));
        return List.of(
                String.format(
                        Locale.ROOT,
                        "%.2f%% predicted for the plan and %.2f%% for bits, 8 in %d of %d places",
                        100 * steps(),
                        100 * bits(),
                        both.bits().raised().size(),
                        both.places()),
                String.format(
                        Locale.ROOT,
                        "%.2f times as fast by the plan alone, %.2f by bits alone, %.2f by both, next to neither",
                        both.speeds().plan(),
                        both.speeds().bits(),
                        both.speeds().both()),
                "both together, measured: " + rises + (both.kept() ? "" : ": more than the limit"));
    }
}
