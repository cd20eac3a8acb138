package dev.twofold.pass;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.layers.LayerSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What is known of a decoder without its weights: enough to check a whole plan before it runs.
 *
 * @param layers number of layers in the checkpoint
 * @param groups the layers in the order of the stream, those that share a group together
 * @param properties what the passes so far have established
 * @param sizes what the layers and the vocabulary can be cut into
 */
public record Facts(int layers, List<Group> groups, Set<Property> properties, Sizes sizes) {

    /** How layers share a group. */
    public enum Arrangement {
        ORDINARY,
        AVERAGED,
        TWO_SYNC,
        ONE_SYNC
    }

    /** Layers of the checkpoint that run as one group. */
    public record Group(List<Integer> layers, Arrangement arrangement) {
        public Group {
            layers = List.copyOf(layers);
        }
    }

    /**
     * Sizes that decide over how many devices a model can be cut.
     *
     * @param layers of each layer, by the checkpoint's number
     */
    public record Sizes(int vocabulary, List<LayerSize> layers) {
        public Sizes {
            layers = List.copyOf(layers);
        }
    }

    public Facts {
        groups = List.copyOf(groups);
        properties = Set.copyOf(properties);
    }

    /** The facts of a decoder as a reader made it. */
    public static Facts of(Decoder decoder) {
        List<Group> groups = LayerGroup.of(decoder).stream()
                .map(group -> new Group(group.layers(), Arrangement.ORDINARY))
                .toList();
        List<LayerSize> sizes =
                LayerGroup.of(decoder).stream().map(LayerSize::of).toList();
        return new Facts(
                decoder.facts().layers(),
                groups,
                Set.of(),
                new Sizes(decoder.facts().vocabularySize(), sizes));
    }

    public Facts withGroups(List<Group> others) {
        return new Facts(layers, others, properties, sizes);
    }

    public Facts with(Set<Property> established, Set<Property> removed) {
        Set<Property> changed = new TreeSet<>(properties);
        changed.removeAll(removed);
        changed.addAll(established);
        return new Facts(layers, groups, changed, sizes);
    }

    /** The checkpoint's numbers of the layers that are still here, in the order of the stream. */
    public List<Integer> order() {
        List<Integer> order = new ArrayList<>();
        groups.forEach(group -> order.addAll(group.layers()));
        return order;
    }

    /** Groups of two or more layers that run side by side. */
    public List<List<Integer>> parallelGroups() {
        return groups.stream()
                .filter(group ->
                        group.arrangement() == Arrangement.TWO_SYNC || group.arrangement() == Arrangement.ONE_SYNC)
                .map(Group::layers)
                .toList();
    }
}
