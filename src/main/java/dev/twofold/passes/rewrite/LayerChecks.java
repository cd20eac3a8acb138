package dev.twofold.passes.rewrite;

import dev.twofold.pass.Facts;
import dev.twofold.pass.NotApplicable;
import dev.twofold.pass.Property;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Conditions that every rewrite of whole layers shares. */
final class LayerChecks {

    private LayerChecks() {}

    /** Each layer exists, is named once, and is still an ordinary layer. */
    static Optional<NotApplicable> requireOrdinary(Facts facts, Collection<Integer> layers) {
        if (facts.properties().contains(Property.SHARDED)) {
            return Optional.of(new NotApplicable("the model is sharded by then", "put it before the pass that shards"));
        }
        Set<Integer> seen = new HashSet<>();
        for (int layer : layers) {
            if (layer < 0 || layer >= facts.layers()) {
                return Optional.of(new NotApplicable(
                        "layer " + layer + " does not exist: the model has " + facts.layers() + " layers",
                        "choose from layers 0 to " + (facts.layers() - 1)));
            }
            if (!seen.add(layer)) {
                return Optional.of(
                        new NotApplicable("layer " + layer + " is named twice", "give each layer to one group only"));
            }
            Optional<Facts.Group> group = facts.groups().stream()
                    .filter(candidate -> candidate.layers().contains(layer))
                    .findFirst();
            if (group.isEmpty()) {
                return Optional.of(new NotApplicable(
                        "layer " + layer + " was dropped by an earlier pass", "leave it out, or drop another layer"));
            }
            if (group.get().arrangement() != Facts.Arrangement.ORDINARY) {
                return Optional.of(new NotApplicable(
                        "layer " + layer + " is already part of the group "
                                + group.get().layers(),
                        "give each layer to one group only"));
            }
        }
        return Optional.empty();
    }

    /** The layers stand next to one another in the stream, in this order. */
    static Optional<NotApplicable> requireAdjacent(Facts facts, List<Integer> layers) {
        List<Integer> order = facts.order();
        int start = order.indexOf(layers.get(0));
        boolean adjacent = start + layers.size() <= order.size()
                && order.subList(start, start + layers.size()).equals(layers);
        return adjacent
                ? Optional.empty()
                : Optional.of(new NotApplicable(
                        "layers " + layers + " do not follow one another: the stream runs through " + order,
                        "name neighbours, in the order of the stream"));
    }
}
