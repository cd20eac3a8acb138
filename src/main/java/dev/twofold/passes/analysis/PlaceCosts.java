package dev.twofold.passes.analysis;

import dev.twofold.layers.Place;
import dev.twofold.layers.Plan;
import dev.twofold.layers.StepRange;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What each place by itself costs: the mean divergence from the original's next-token distribution when a plan holds this
 * place only. A divergence is never below zero and varies less from text to text than a loss does, so that a short text tells
 * places apart.
 *
 * @param nats of each place that was measured
 */
public record PlaceCosts(int layers, Map<Place, Double> nats) {

    public PlaceCosts {
        nats = new LinkedHashMap<>(nats);
    }

    /** All pairs of neighbouring layers. */
    public static List<Place> pairs(int layers) {
        return List.copyOf(GroupCosts.candidates(layers, 2));
    }

    /** All runs of so many neighbouring steps, front to back. */
    public static List<Place> runs(int layers, int size) {
        List<Place> runs = new ArrayList<>();
        for (int first = 0; first + size <= 2 * layers; first++) {
            runs.add(StepRange.of(first, size));
        }
        return runs;
    }

    /** Infinite for a place that was not measured. */
    public double of(Place place) {
        return nats.getOrDefault(place, Double.POSITIVE_INFINITY);
    }

    /** These costs and a share of others, of the places that have these. */
    PlaceCosts plus(PlaceCosts others, double share) {
        Map<Place, Double> sums = new LinkedHashMap<>(nats);
        sums.replaceAll((place, cost) -> cost + share * others.of(place));
        return new PlaceCosts(layers, sums);
    }

    /** What a plan would cost if its places did not interact. */
    public double predicted(Plan plan) {
        return plan.places().stream().mapToDouble(this::of).sum();
    }
}
