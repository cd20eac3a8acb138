package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;

import dev.twofold.decoder.Experts;
import dev.twofold.decoder.Routing;
import dev.twofold.graph.GraphBuilder;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Experts of which each counts its share among those that are not chosen before it and not far below it: see {@link Routing#near}. What
 * is chosen already or too far has a result that no share comes of, and the share of the largest that is left is that of the expert.
 */
record NearLowering(GraphBuilder graph) {

    /** Below any result, in half precision too. */
    private static final double NOTHING = -65504;

    /** Of what each chosen expert is compared with, {@code [batch, sequence, chosen, experts]}. */
    private static final int CHOSEN_AXIS = 2;

    /**
     * Weights of the experts, {@code [batch, sequence, experts]}.
     *
     * @param results {@code [batch, sequence, experts]}
     */
    String shares(String name, String results, Experts experts, double near) {
        List<String> top = graph.node(
                name + "/chosen", "", "TopK", List.of(results, graph.integers(Routing.NEAR)), 2, integer("axis", -1));
        String all = graph.node(name + "/all", "Unsqueeze", List.of(results, graph.integers(CHOSEN_AXIS)));
        String rest = withoutFirst(name, results, top.get(1), experts);
        String left = graph.node(name + "/left", "Unsqueeze", List.of(rest, graph.integers(CHOSEN_AXIS)));
        String open = graph.node(name + "/open", "Concat", List.of(all, left), integer("axis", CHOSEN_AXIS));
        String own = graph.node(name + "/own", "Unsqueeze", List.of(top.get(0), graph.integers(-1)));
        String apart = graph.node(name + "/apart", "Sub", List.of(own, open));
        String absolute = graph.node(name + "/absolute", "Abs", List.of(open));
        String size = graph.node(name + "/size", "Max", List.of(absolute, own));
        String most = graph.node(name + "/most", "Mul", List.of(size, graph.filled(near)));
        String close = graph.node(name + "/close", "LessOrEqual", List.of(apart, most));
        String kept = graph.node(name + "/kept", "Where", List.of(close, open, graph.filled(NOTHING)));
        String parts = graph.node(name + "/parts", "Softmax", List.of(kept), integer("axis", -1));
        String weights =
                graph.node(name + "/largest", "ReduceMax", List.of(parts, graph.integers(-1)), integer("keepdims", 0));
        String none = graph.node(name + "/none", "Sub", List.of(results, results));
        return graph.node(
                name + "/weights", "ScatterElements", List.of(none, top.get(1), weights), integer("axis", -1));
    }

    /** Results but that of the first expert. */
    private String withoutFirst(String name, String results, String numbers, Experts experts) {
        String first = graph.node(
                name + "/first", "Slice", List.of(numbers, graph.integers(0), graph.integers(1), graph.integers(-1)));
        long[] every = LongStream.range(0, experts.experts().size()).toArray();
        String taken = graph.node(name + "/taken", "Equal", List.of(first, graph.integers(every)));
        return graph.node(name + "/rest", "Where", List.of(taken, graph.filled(NOTHING), results));
    }
}
