package dev.twofold.pass;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.decoder.StepName;
import dev.twofold.layers.LayerSize;
import dev.twofold.layers.StepRange;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

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
        ONE_SYNC,
        STAGGERED,
        MERGED;

        /** Whether steps of several layers, or both steps of one, run side by side. */
        public boolean isParallel() {
            return this != ORDINARY && this != AVERAGED;
        }
    }

    /**
     * Layers of the checkpoint that share steps.
     *
     * @param steps what runs side by side in each, in the order of the stream
     */
    public record Group(List<Integer> layers, Arrangement arrangement, List<List<StepName>> steps) {
        public Group {
            layers = List.copyOf(layers);
            steps = steps.stream().map(List::copyOf).toList();
        }

        private Stream<StepRange> merges() {
            return arrangement == Arrangement.MERGED
                    ? steps.stream()
                            .filter(step -> step.size() > 1)
                            .map(step -> new StepRange(step.get(0), step.get(step.size() - 1)))
                    : Stream.empty();
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

    private static final Set<Arrangement> PARALLEL =
            EnumSet.of(Arrangement.TWO_SYNC, Arrangement.ONE_SYNC, Arrangement.STAGGERED);

    public Facts {
        groups = List.copyOf(groups);
        properties = Set.copyOf(properties);
    }

    /** The facts of a decoder as a reader made it. */
    public static Facts of(Decoder decoder) {
        List<Group> groups = LayerGroup.of(decoder).stream()
                .map(group -> new Group(group.layers(), Arrangement.ORDINARY, names(group)))
                .toList();
        List<LayerSize> sizes =
                LayerGroup.of(decoder).stream().map(LayerSize::of).toList();
        return new Facts(
                decoder.facts().layers(),
                groups,
                Set.of(),
                new Sizes(decoder.facts().vocabularySize(), sizes));
    }

    private static List<List<StepName>> names(LayerGroup group) {
        return group.steps().stream().map(StepName::of).toList();
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

    /** What runs side by side in each step, in the order of the stream. */
    public List<List<StepName>> steps() {
        return groups.stream().flatMap(group -> group.steps().stream()).toList();
    }

    /** Groups of two or more layers that run side by side. */
    public List<List<Integer>> parallelGroups() {
        return groups.stream()
                .filter(group -> PARALLEL.contains(group.arrangement()))
                .map(Group::layers)
                .toList();
    }

    /** The runs of steps that are merged. */
    public List<StepRange> merges() {
        return groups.stream().flatMap(Group::merges).toList();
    }
}
