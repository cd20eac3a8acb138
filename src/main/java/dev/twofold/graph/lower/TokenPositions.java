package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;

import dev.twofold.execution.GraphNames;
import dev.twofold.graph.GraphBuilder;
import java.util.List;

/**
 * Where the tokens of a run stand, from the attention mask.
 *
 * @param past number of tokens before this run, a scalar
 * @param total number of tokens with them
 * @param all {@code [batch, total]}: how many tokens are attended to before each; padding has the number of the last before it
 * @param positions {@code [batch, sequence]}: the same of this run's tokens
 */
record TokenPositions(String past, String total, String all, String positions) {

    static TokenPositions of(GraphBuilder graph) {
        String mask = GraphNames.MASK;
        String total = extent(graph, "mask/total", mask);
        String sequence = extent(graph, "mask/sequence", GraphNames.IDS);
        String past = graph.node("mask/past", "Sub", List.of(total, sequence));
        String counts = graph.node("positions/counts", "CumSum", List.of(mask, graph.integer(1)));
        String all = graph.node("positions/all", "Sub", List.of(counts, graph.integer(1)));
        String notNegative = graph.node("positions/clip", "Max", List.of(all, graph.integer(0)));
        String from = graph.node("positions/from", "Unsqueeze", List.of(past, graph.integers(0)));
        String to = graph.node("positions/to", "Unsqueeze", List.of(total, graph.integers(0)));
        String positions = graph.node("positions", "Slice", List.of(notNegative, from, to, graph.integers(1)));
        return new TokenPositions(past, total, notNegative, positions);
    }

    /** The second dimension of a matrix, as a scalar. */
    private static String extent(GraphBuilder graph, String name, String value) {
        String dimension = graph.node(name + "/shape", "Shape", List.of(value), integer("start", 1), integer("end", 2));
        return graph.node(name, "Squeeze", List.of(dimension));
    }
}
