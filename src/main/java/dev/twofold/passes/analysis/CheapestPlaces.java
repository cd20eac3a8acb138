package dev.twofold.passes.analysis;

import dev.twofold.layers.Place;
import dev.twofold.layers.Plan;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/**
 * The plans of least predicted cost for every saving, by an exact dynamic programme over the chain of steps. Each entry keeps
 * not one plan but the best few, because predictions leave out how places interact.
 */
public final class CheapestPlaces {

    private static final Comparator<Partial> CHEAPEST = Comparator.comparingDouble(Partial::cost);

    private final PlaceCosts costs;
    private final int keep;
    /** By what they save: the best plans of the whole chain, cheapest first. */
    private final TreeMap<Integer, List<Partial>> plans;

    /** Places of the leading steps. */
    private record Partial(double cost, List<Place> places) {
        Partial with(Place place, double added) {
            List<Place> more = new ArrayList<>(places);
            more.add(place);
            return new Partial(cost + added, more);
        }
    }

    /**
     * @param saving of a place, in units of which a plan saves some thousand at most
     * @param keep plans to keep of each saving
     */
    public CheapestPlaces(PlaceCosts costs, ToIntFunction<Place> saving, int keep) {
        this.costs = costs;
        this.keep = keep;
        Map<Integer, List<Place>> ending = new HashMap<>();
        for (Place place : costs.nats().keySet()) {
            if (saving.applyAsInt(place) > 0) {
                ending.computeIfAbsent(place.lastPlace(), last -> new ArrayList<>())
                        .add(place);
            }
        }
        List<TreeMap<Integer, List<Partial>>> best = new ArrayList<>();
        best.add(new TreeMap<>(Map.of(0, List.of(new Partial(0, List.of())))));
        for (int steps = 1; steps <= 2 * costs.layers(); steps++) {
            TreeMap<Integer, List<Partial>> bySaving = new TreeMap<>(best.get(steps - 1));
            for (Place place : ending.getOrDefault(steps - 1, List.of())) {
                extend(bySaving, best.get(place.firstPlace()), place, saving.applyAsInt(place));
            }
            best.add(bySaving);
        }
        this.plans = best.get(best.size() - 1);
    }

    private void extend(
            Map<Integer, List<Partial>> bySaving, Map<Integer, List<Partial>> before, Place place, int saved) {
        double cost = costs.of(place);
        before.forEach((saving, partials) -> bySaving.merge(
                saving + saved,
                partials.stream().map(partial -> partial.with(place, cost)).toList(),
                (some, more) -> Stream.concat(some.stream(), more.stream())
                        .sorted(CHEAPEST)
                        .limit(keep)
                        .toList()));
    }

    /** The most that a plan saves; 0 if nothing can be saved. */
    public int most() {
        return plans.lastKey();
    }

    /** The cheapest plans that save so much or more, cheapest first; none if no plan does. */
    public List<Plan> atLeast(int saving) {
        return plans.tailMap(saving).values().stream()
                .flatMap(List::stream)
                .sorted(CHEAPEST)
                .limit(keep)
                .map(this::plan)
                .toList();
    }

    /** The plan that saves most of those that are predicted to cost so much at most. */
    public Plan within(double cost) {
        return plans.descendingMap().values().stream()
                .map(best -> best.get(0))
                .filter(best -> best.cost() <= cost)
                .findFirst()
                .map(this::plan)
                .orElseGet(() -> Plan.none(costs.layers()));
    }

    private Plan plan(Partial partial) {
        return new Plan(costs.layers(), partial.places());
    }
}
