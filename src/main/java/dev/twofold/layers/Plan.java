package dev.twofold.layers;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Which steps of a checkpoint run side by side: places in ascending order that have no step in common; all other steps run
 * one after the other.
 *
 * @param layers number of layers in the checkpoint
 */
public record Plan(int layers, List<Place> places) {

    public Plan {
        places = places.stream()
                .sorted(Comparator.comparingInt(Place::firstPlace))
                .toList();
        int next = 0;
        for (Place place : places) {
            if (place.firstPlace() < next
                    || place.lastPlace() < place.firstPlace()
                    || place.lastPlace() >= 2 * layers) {
                throw new IllegalArgumentException(places + " are not disjoint places of " + layers + " layers");
            }
            next = place.lastPlace() + 1;
        }
    }

    /** Everything one after the other. */
    public static Plan none(int layers) {
        return new Plan(layers, List.of());
    }

    /** Only layers that share groups. */
    public static Plan ofGroups(int layers, List<LayerRange> groups) {
        return new Plan(layers, List.copyOf(groups));
    }

    public boolean isEmpty() {
        return places.isEmpty();
    }

    /** The layers that share groups. */
    public List<LayerRange> groups() {
        return places.stream()
                .filter(LayerRange.class::isInstance)
                .map(LayerRange.class::cast)
                .toList();
    }

    /** The steps that are merged. */
    public List<StepRange> merges() {
        return places.stream()
                .filter(StepRange.class::isInstance)
                .map(StepRange.class::cast)
                .toList();
    }

    /** Steps fewer than the checkpoint has. */
    public int stepsSaved(int stepsPerLayer) {
        return places.stream()
                .mapToInt(place -> place.stepsSaved(stepsPerLayer))
                .sum();
    }

    /** Layers' worth of operators that run one after the other, rounded up. */
    public int depth() {
        int layersSaved = groups().stream().mapToInt(group -> group.size() - 1).sum();
        int stepsMerged =
                merges().stream().mapToInt(merge -> merge.stepsSaved(2)).sum();
        return layers - layersSaved - stepsMerged / 2;
    }

    /** The same with one more place. */
    public Plan with(Place place) {
        List<Place> more = new ArrayList<>(places);
        more.add(place);
        return new Plan(layers, more);
    }

    /** The same without a place. */
    public Plan without(Place place) {
        List<Place> fewer = new ArrayList<>(places);
        fewer.remove(place);
        return new Plan(layers, fewer);
    }

    /** Groups and merges as {@code --pairs} and {@code --merge} take them, in the order of the stream: {@code 4-5,6A-6F}. */
    @Override
    public String toString() {
        return places.stream().map(Place::toString).collect(Collectors.joining(","));
    }
}
