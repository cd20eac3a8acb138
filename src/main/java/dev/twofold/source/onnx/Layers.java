package dev.twofold.source.onnx;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which layers branches are of. Attentions are numbered by their caches, in the order in which the graph is given these, or as they
 * follow one another where it is given none; feed-forwards by the attentions before them. What Twofold wrote says it in the names of nodes.
 */
final class Layers {

    private static final Pattern LABEL = Pattern.compile("layers\\.(\\d{1,6}(?:_\\d{1,6})*)/.*");

    /** What the product calls itself in the files that it writes. */
    private static final String TWOFOLD = "twofold";

    private final ModelGraph graph;
    private final Map<String, Integer> ranks = new HashMap<>();
    private final List<Integer> waiting = new ArrayList<>();

    /** Layers of feed-forwards to come, if there is one for each attention: it may be added before it, or after. */
    private final Deque<Integer> inOrder = new ArrayDeque<>();

    /** @param branches all that the graph has, in the order in which they are added */
    Layers(ModelGraph graph, List<Found> branches) {
        this.graph = graph;
        List<String> caches =
                branches.stream().flatMap(found -> found.caches().stream()).toList();
        graph.inputs().stream().filter(caches::contains).forEach(input -> ranks.put(input, ranks.size()));
        // Graphs without caches attend in the order in which they are computed.
        caches.forEach(cache -> ranks.putIfAbsent(cache, ranks.size()));
        if (branches.stream().filter(found -> !found.isAttention()).count() == ranks.size()) {
            caches.forEach(cache -> inOrder.add(ranks.getOrDefault(cache, 0)));
        }
    }

    /** How many there are. */
    int count() {
        return ranks.size();
    }

    /** The layers of the next branch. */
    List<Integer> of(Found found) {
        List<Integer> own = found.caches().stream()
                .map(cache -> ranks.getOrDefault(cache, 0))
                .toList();
        waiting.addAll(own);
        List<Integer> counted = found.isAttention() ? own : next();
        return label(found).filter(label -> label.size() >= own.size()).orElse(counted);
    }

    /** Of the attentions that no feed-forward was counted for yet: the first, or all if it may stand for several. */
    private List<Integer> next() {
        if (!inOrder.isEmpty()) {
            return List.of(inOrder.remove());
        }
        List<Integer> layers = waiting.isEmpty() ? List.of(0) : List.copyOf(waiting);
        waiting.removeAll(layers);
        return layers;
    }

    private Optional<List<Integer>> label(Found found) {
        String name = found.addend().node().map(node -> node.getName()).orElse("");
        Matcher label = LABEL.matcher(name);
        return graph.producer().equals(TWOFOLD) && label.matches()
                ? Optional.of(Arrays.stream(label.group(1).split("_"))
                        .map(Integer::valueOf)
                        .toList())
                : Optional.empty();
    }
}
