package dev.twofold.inspection;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.diag.Progress;
import dev.twofold.layers.Place;
import dev.twofold.layers.Plan;
import dev.twofold.layers.StepRange;
import dev.twofold.measure.PlanScore;
import dev.twofold.measure.TokenHash;
import dev.twofold.passes.analysis.ChoosePairs;
import dev.twofold.passes.analysis.PlaceCosts;
import dev.twofold.passes.compensate.Compensate;
import dev.twofold.passes.compensate.PlaceTrials;
import dev.twofold.passes.rewrite.PairLayers;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Measures what places cost by themselves.
 *
 * @param text a short one: divergences tell places apart on it; for refitted places one that nothing is fitted to
 * @param form how the layers of a pair run
 */
record StepCosts(Decoder decoder, TextMeasurement text, PairLayers.Form form, Progress progress) {

    /** In nats: a place that costs more by itself is not refitted to see what is left of that. */
    private static final double HOPELESS = 0.5;

    /** Tokens that a trial is fitted to. */
    static final int TRIAL_TOKENS = 16_384;

    /** Windows that a trial is measured on, at most. */
    static final int CHECKED = 8;

    /** In units of the mean squared input; one that did well on SmolLM2-135M, the one model it was tried on. */
    static final List<Double> TRIAL_RIDGES = List.of(0.03);

    /** Steps in the longest run of plans that save few. */
    private static final int USUAL_RUN = 3;

    /** Which kinds of places are measured. */
    enum Kinds {
        PAIRS,
        MERGES,
        BOTH
    }

    /**
     * Of places as they are.
     *
     * @param many whether plans may be asked for that hold mostly long runs; else the longest are not measured, and of others half
     */
    PlaceCosts plain(Kinds kinds, boolean many) {
        int layers = decoder.facts().layers();
        text.base();
        Map<Place, Double> nats = new LinkedHashMap<>();
        List<Place> pairs = kinds == Kinds.MERGES ? List.of() : PlaceCosts.pairs(layers);
        List<Place> runs = kinds == Kinds.PAIRS ? List.of() : PlaceCosts.runs(layers, 2);
        int longest = kinds == Kinds.PAIRS ? 2 : many ? ChoosePairs.LONGEST_RUN : USUAL_RUN;
        int longer = IntStream.rangeClosed(3, longest)
                .map(size -> measured(PlaceCosts.runs(layers, size).size(), many))
                .sum();
        progress.begin("costs of places", pairs.size() + runs.size() + longer, Progress.Unit.PLANS);
        Stream.concat(pairs.stream(), runs.stream()).forEach(place -> nats.put(place, divergence(place)));
        for (int size = 3; size <= longest; size++) {
            promising(PlaceCosts.runs(layers, size), nats, many).forEach(place -> nats.put(place, divergence(place)));
        }
        text.save();
        progress.end();
        return new PlaceCosts(layers, nats);
    }

    private double divergence(Place place) {
        PlanScore score = text.score(Plan.none(decoder.facts().layers()).with(place));
        progress.advance(1);
        return score.kl();
    }

    /** How many of the runs of one length are measured. */
    private static int measured(int runs, boolean many) {
        return many ? runs : (runs + 1) / 2;
    }

    /** The runs whose cheaper part costs less: a long run may cost less than a part of it does. */
    private static List<Place> promising(List<Place> runs, Map<Place, Double> nats, boolean many) {
        return runs.stream()
                .sorted(Comparator.comparingDouble(run -> Math.min(
                        nats.getOrDefault(part(run, 0), Double.POSITIVE_INFINITY),
                        nats.getOrDefault(part(run, 1), Double.POSITIVE_INFINITY))))
                .limit(measured(runs.size(), many))
                .sorted(Comparator.comparingInt(Place::firstPlace))
                .toList();
    }

    /** The run one step shorter, without the last step or without the first. */
    private static Place part(Place run, int from) {
        return StepRange.of(run.firstPlace() + from, run.lastPlace() - run.firstPlace());
    }

    private static boolean isLong(Place place) {
        return place instanceof StepRange && place.stepsSaved(2) > 1;
    }

    /** The median of what longer runs cost, by their length: those that cost more are in no plan that is worth having. */
    private static Map<Integer, Double> usual(PlaceCosts plain) {
        Map<Integer, List<Double>> costs = plain.nats().keySet().stream()
                .filter(StepCosts::isLong)
                .collect(Collectors.groupingBy(
                        place -> place.stepsSaved(2), Collectors.mapping(plain::of, Collectors.toList())));
        Map<Integer, Double> medians = new HashMap<>();
        costs.forEach((saved, nats) ->
                medians.put(saved, nats.stream().sorted().toList().get(nats.size() / 2)));
        return medians;
    }

    /**
     * Of places that are refitted, each as if it were the only one.
     *
     * @param plain what they cost as they are
     */
    PlaceCosts refitted(PlaceCosts plain, CalibrationText fitted, Compensate.Options options, Host host) {
        Compensate.Options trial = options.with(TRIAL_RIDGES);
        String method =
                " alone " + trial.method() + " " + trial.side() + " on all of " + TokenHash.of(fitted.windows());
        List<Place> places = new ArrayList<>(plain.nats().keySet());
        Map<Integer, Double> usual = usual(plain);
        places.removeIf(place -> plain.of(place) > HOPELESS
                || isLong(place) && plain.of(place) > usual.getOrDefault(place.stepsSaved(2), 0.0));
        places.sort(Comparator.comparingInt((Place place) -> place.firstPlace() / 2));
        Map<Place, Double> nats = new LinkedHashMap<>();
        progress.begin("costs of refitted places", places.size(), Progress.Unit.PLANS);
        try (FitSession session = new FitSession(fitted, host);
                PlaceTrials trials = new PlaceTrials(decoder, session.calibration(), trial, form)) {
            for (Place place : places) {
                PlanScore score = text.known(place + method).orElseGet(() -> {
                    try (FitSession own = new FitSession(fitted, host)) {
                        LayerGroup group = trials.refit(place, own.calibration());
                        return text.score(place + method, group, own.engine());
                    }
                });
                nats.put(place, score.kl());
                progress.advance(1);
            }
        }
        text.save();
        progress.end();
        return new PlaceCosts(plain.layers(), nats);
    }
}
