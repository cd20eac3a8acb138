package dev.twofold.passes.analysis;

import dev.twofold.layers.Place;
import dev.twofold.layers.Plan;
import java.util.List;
import java.util.function.ToIntFunction;

/**
 * Plans that are worth measuring whole, the cheapest by each of several opinions on what places cost.
 *
 * @param opinions on the same places
 */
public record Finalists(List<CheapestPlaces> opinions) {

    /**
     * How much of what a place costs as it is may come back where other places are refitted beside it. A refit that makes up
     * for much by itself, as every one of a chain of places does, makes up for less among others.
     */
    private static final List<Double> RETURNING = List.of(0.0, 0.05, 0.2);

    /** Plans that are measured whole where none is refitted for it. */
    private static final int CHEAPEST = 8;

    /** Of plans that are not refitted. */
    public static Finalists plain(PlaceCosts costs, ToIntFunction<Place> saving) {
        return new Finalists(List.of(new CheapestPlaces(costs, saving, CHEAPEST)));
    }

    /**
     * Of plans that are going to be refitted, each of which takes a fit to measure.
     *
     * @param plain what places cost as they are
     * @param refitted what they cost refitted, each by itself
     */
    public static Finalists refitted(PlaceCosts plain, PlaceCosts refitted, ToIntFunction<Place> saving) {
        return new Finalists(RETURNING.stream()
                .map(share -> new CheapestPlaces(refitted.plus(plain, share), saving, 1))
                .toList());
    }

    /** The most that a plan saves; 0 if nothing can be saved. */
    public int most() {
        return opinions.get(0).most();
    }

    /** Plans that save so much or more, the cheapest of the first opinion first; none if no plan does. */
    public List<Plan> atLeast(int least) {
        return opinions.stream()
                .flatMap(cheapest -> cheapest.atLeast(least).stream())
                .distinct()
                .toList();
    }
}
