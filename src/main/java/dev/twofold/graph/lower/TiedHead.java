package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;

import dev.twofold.graph.GraphBuilder;
import java.util.List;

/**
 * The product with an embedding table that is also the head. Gemm reads the table transposed without a copy of it, and is a
 * kernel of every provider, which FusedMatMul is not; but it only takes matrices.
 */
record TiedHead(GraphBuilder graph, long hidden, long vocabulary) {

    /**
     * @param x {@code [batch, sequence, hidden]}
     * @param table the initializer, {@code [vocabulary, hidden]}
     * @param result what to name the logits
     */
    void add(String x, String table, String result) {
        String rows = graph.node("head/rows", "Reshape", List.of(x, graph.integers(-1, hidden)));
        String product = graph.node("head", "Gemm", List.of(rows, table), integer("transB", 1));
        String tokens = graph.node("head/tokens", "Shape", List.of(x), integer("start", 0), integer("end", 2));
        String target =
                graph.node("head/shape", "Concat", List.of(tokens, graph.integers(vocabulary)), integer("axis", 0));
        graph.add("head/logits", "", "Reshape", List.of(product, target), List.of(result));
    }
}
