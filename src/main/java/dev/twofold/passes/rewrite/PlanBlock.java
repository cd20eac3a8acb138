package dev.twofold.passes.rewrite;

import dev.twofold.decoder.LayerGroup;
import dev.twofold.decoder.Step;
import dev.twofold.layers.LayerRange;
import dev.twofold.layers.Place;
import dev.twofold.layers.Plan;
import dev.twofold.layers.StepRange;
import java.util.ArrayList;
import java.util.List;

/**
 * Neighbouring layers that a plan joins, directly or through others, or a layer that it leaves alone.
 *
 * @param places of the plan in these layers; none if the layer is left alone
 */
public record PlanBlock(int first, int last, List<Place> places) {

    public PlanBlock {
        places = List.copyOf(places);
    }

    /** The blocks of a plan, front to back; every layer is in one. */
    public static List<PlanBlock> of(Plan plan) {
        List<PlanBlock> blocks = new ArrayList<>();
        for (Place place : plan.places()) {
            int first = place.firstPlace() / 2;
            int last = place.lastPlace() / 2;
            int end = blocks.size() - 1;
            if (end >= 0 && first <= blocks.get(end).last()) {
                blocks.set(end, blocks.get(end).and(place, last));
            } else {
                leaveAlone(blocks, first);
                blocks.add(new PlanBlock(first, last, List.of(place)));
            }
        }
        leaveAlone(blocks, plan.layers());
        return List.copyOf(blocks);
    }

    private PlanBlock and(Place place, int newLast) {
        List<Place> more = new ArrayList<>(places);
        more.add(place);
        return new PlanBlock(first, newLast, more);
    }

    /** Adds the layers before one that are in no block. */
    private static void leaveAlone(List<PlanBlock> blocks, int before) {
        int next = blocks.isEmpty() ? 0 : blocks.get(blocks.size() - 1).last() + 1;
        for (int layer = next; layer < before; layer++) {
            blocks.add(new PlanBlock(layer, layer, List.of()));
        }
    }

    public boolean isAlone() {
        return places.isEmpty();
    }

    /**
     * Its layers as the plan arranges them.
     *
     * @param layers of the whole checkpoint, each a group of its own
     * @param form how the layers of a group run
     */
    public LayerGroup arranged(List<LayerGroup> layers, PairLayers.Form form) {
        List<LayerGroup> own = layers.subList(first, last + 1);
        if (places.stream().anyMatch(LayerRange.class::isInstance)) {
            return PairLayers.sideBySide(own, form);
        }
        List<Step> steps = own.stream().flatMap(layer -> layer.steps().stream()).toList();
        List<StepRange> runs = places.stream().map(StepRange.class::cast).toList();
        return new LayerGroup(
                own.stream().flatMap(layer -> layer.layers().stream()).toList(), MergeSteps.merged(steps, runs));
    }
}
