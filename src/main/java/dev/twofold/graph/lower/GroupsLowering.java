package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;

import dev.twofold.decoder.Experts;
import dev.twofold.decoder.Routing.Groups;
import dev.twofold.graph.GraphBuilder;
import java.util.List;

/**
 * Leaves a router the experts of the best groups. Which these are is a choice of its own, of the name that all choices have, so that
 * a model can be told it too.
 */
record GroupsLowering(GraphBuilder graph) {

    /** In a row that is one for what is chosen, and zero elsewhere. */
    private static final double HALF = 0.5;

    /**
     * The scores, where those of other groups are below all scores there are.
     *
     * @param ranked {@code [batch, sequence, experts]}
     */
    String within(String name, String ranked, Experts experts, Groups groups) {
        long count = experts.experts().size();
        long[] shape = {0, 0, groups.count(), count / groups.count()};
        String grouped = graph.node(name + "/scores", "Reshape", List.of(ranked, graph.integers(shape)));
        String own = sums(name, grouped, groups);
        List<String> top = graph.node(
                name + "/chosen", "", "TopK", List.of(own, graph.integers(groups.chosen())), 2, integer("axis", -1));
        String none = graph.node(name + "/none", "Sub", List.of(own, own));
        String zeros = graph.node(name + "/zeros", "Sub", List.of(top.get(0), top.get(0)));
        String ones = graph.node(name + "/ones", "Add", List.of(zeros, graph.filled(1)));
        String marked =
                graph.node(name + "/marked", "ScatterElements", List.of(none, top.get(1), ones), integer("axis", -1));
        String open = graph.node(name + "/open", "Greater", List.of(marked, graph.filled(HALF)));
        String each = graph.node(name + "/each", "Unsqueeze", List.of(open, graph.integers(-1)));
        String kept = graph.node(name + "/kept", "Where", List.of(each, grouped, below(name, ranked)));
        return graph.node(name + "/joined", "Reshape", List.of(kept, graph.integers(0, 0, count)));
    }

    private String sums(String name, String grouped, Groups groups) {
        List<String> best = graph.node(
                name + "/best", "", "TopK", List.of(grouped, graph.integers(groups.best())), 2, integer("axis", -1));
        return graph.node(
                name + "/sums", "ReduceSum", List.of(best.get(0), graph.integers(-1)), integer("keepdims", 0));
    }

    /** As far below the smallest score of a token as its largest is above: of the size of scores, so that these tell a tie. */
    private String below(String name, String ranked) {
        String smallest = graph.node(name + "/smallest", "ReduceMin", List.of(ranked, graph.integers(-1)));
        String largest = graph.node(name + "/largest", "ReduceMax", List.of(ranked, graph.integers(-1)));
        String apart = graph.node(name + "/apart", "Sub", List.of(largest, smallest));
        String below = graph.node(name + "/lower", "Sub", List.of(smallest, apart));
        return graph.node(name + "/below", "Unsqueeze", List.of(below, graph.integers(-1)));
    }
}
