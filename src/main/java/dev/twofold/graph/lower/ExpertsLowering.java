package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;

import dev.twofold.decoder.Experts;
import dev.twofold.decoder.Routing;
import dev.twofold.decoder.Routing.Score;
import dev.twofold.graph.GraphBuilder;
import dev.twofold.weight.Weight;
import java.util.List;
import java.util.Optional;

/**
 * How much each expert counts; and a mixture computed densely, in operators that every runtime has: all experts run for every token, as one
 * wide feed-forward whose activations are weighted by expert, so that the sum over experts happens inside the last matrix
 * product. The weight of an expert that was not chosen is zero. Where experts read weighed inputs, what their first projections make is
 * weighted instead: they have no biases.
 */
record ExpertsLowering(GraphBuilder graph) {

    /** Weights of the experts, {@code [batch, sequence, experts]}. */
    String shares(String name, String x, Experts experts) {
        String scores = Projection.apply(graph, name + "/router", x, experts.router());
        if (experts.isGated()) {
            return graph.node(name + "/probabilities", "Sigmoid", List.of(scores));
        }
        Routing routing = experts.routing();
        if (routing.near().isPresent()) {
            return new NearLowering(graph)
                    .shares(name, scores, experts, routing.near().get());
        }
        String likely = routing.score() == Score.SOFTMAX
                ? graph.node(name + "/probabilities", "Softmax", List.of(scores), integer("axis", -1))
                : graph.node(name + "/probabilities", "Sigmoid", List.of(scores));
        Optional<String> corrected = routing.correction()
                .map(values -> graph.node(
                        name + "/corrected", "Add", List.of(likely, graph.weight(name + ".correction", values))));
        String ranked = corrected.orElse(routing.ranksResults() ? scores : likely);
        String open = routing.groups()
                .map(groups -> new GroupsLowering(graph).within(name + "/groups", ranked, experts, groups))
                .orElse(ranked);
        List<String> top = graph.node(
                name + "/chosen", "", "TopK", List.of(open, graph.integers(routing.chosen())), 2, integer("axis", -1));
        String own = ranked.equals(likely)
                ? top.get(0)
                : graph.node(name + "/own", "GatherElements", List.of(likely, top.get(1)), integer("axis", -1));
        String weights = routing.normed() ? normed(name, own) : own;
        String none = graph.node(name + "/none", "Sub", List.of(likely, likely));
        return graph.node(
                name + "/weights", "ScatterElements", List.of(none, top.get(1), weights), integer("axis", -1));
    }

    private String normed(String name, String chosen) {
        String total = graph.node(name + "/total", "ReduceSum", List.of(chosen, graph.integers(-1)));
        return graph.node(name + "/normed", "Div", List.of(chosen, total));
    }

    /**
     * The activations of all experts, or what their projections make, each times the expert's weight.
     *
     * @param shares weights of the experts
     * @param activations {@code [batch, sequence, experts * width]}
     */
    String weighted(String name, String shares, String activations, Experts experts) {
        long count = experts.experts().size();
        String column = graph.node(name + "/column", "Unsqueeze", List.of(shares, graph.integers(-1)));
        String parted = graph.node(
                name + "/parted", "Reshape", List.of(activations, graph.integers(0, 0, count, experts.width())));
        String product = graph.node(name + "/weighted", "Mul", List.of(parted, column));
        return graph.node(name + "/joined", "Reshape", List.of(product, graph.integers(0, 0, count * experts.width())));
    }

    /**
     * The sum with the bias of every expert in it, as much as the expert counts.
     *
     * @param biases {@code [experts * hidden]}
     */
    String biased(String name, String shares, String sum, Weight biases, Experts experts) {
        long count = experts.experts().size();
        String flat = graph.weight(name + "/down.biases", biases);
        String matrix = graph.node(
                name + "/biases",
                "Reshape",
                List.of(flat, graph.integers(count, biases.shape().elements() / count)));
        String added = graph.node(name + "/bias", "MatMul", List.of(shares, matrix));
        return graph.node(name + "/biased", "Add", List.of(sum, added));
    }
}
