package dev.twofold.passes.rewrite;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Joins runs of neighbouring layers, in the decoder and in the facts alike. */
final class Runs {

    private Runs() {}

    /** Replaces each run of elements whose layers make up a group by what {@code join} makes of them. */
    static <T> List<T> merge(
            List<T> elements,
            List<List<Integer>> groups,
            Function<T, List<Integer>> layersOf,
            Function<List<T>, T> join) {
        Map<Integer, List<Integer>> groupOf = new HashMap<>();
        groups.forEach(group -> group.forEach(layer -> groupOf.put(layer, group)));
        List<T> merged = new ArrayList<>();
        int i = 0;
        while (i < elements.size()) {
            List<Integer> group = groupOf.get(layersOf.apply(elements.get(i)).get(0));
            int count = group == null ? 1 : group.size();
            List<T> parts = elements.subList(i, i + count);
            merged.add(group == null ? parts.get(0) : join.apply(parts));
            i += count;
        }
        return merged;
    }

    /** The layers of all parts, in order. */
    static <T> List<Integer> layers(List<T> parts, Function<T, List<Integer>> layersOf) {
        return parts.stream().flatMap(part -> layersOf.apply(part).stream()).toList();
    }
}
