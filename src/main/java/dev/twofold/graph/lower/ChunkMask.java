package dev.twofold.graph.lower;

import dev.twofold.graph.GraphBuilder;
import java.util.List;

/** Which keys are in the chunk of a query: those whose position has the same whole quotient by the length of a chunk. */
record ChunkMask(GraphBuilder graph) {

    /** Far below any score, and still a number of 16 bits. */
    static final double HIDDEN = -65504;

    /**
     * @param queries positions of queries, and of keys along the last axis, that broadcast to {@code [batch, 1, sequence, total]}
     * @return truth values of that shape
     */
    String inside(String name, String queries, String keys, int size) {
        String length = graph.integer(size);
        String ofKeys = graph.node(name + "/keys_chunk", "Div", List.of(keys, length));
        String ofQueries = graph.node(name + "/queries_chunk", "Div", List.of(queries, length));
        return graph.node(name + "/inside", "Equal", List.of(ofKeys, ofQueries));
    }

    /**
     * What is added to scores to hide the keys of other chunks, {@code [batch, 1, sequence, total]}, where rows begin with a token, so
     * that keys stand at their positions.
     *
     * @param positions of the tokens of this run, {@code [batch, sequence]}
     * @param total number of tokens, a scalar
     */
    String bias(String positions, String total, int size) {
        String name = "mask/chunk_" + size;
        String queries = graph.node(name + "/queries", "Unsqueeze", List.of(positions, graph.integers(1, 3)));
        String keys = graph.node(name + "/keys", "Range", List.of(graph.integer(0), total, graph.integer(1)));
        String inside = inside(name, queries, keys, size);
        return graph.node(name, "Where", List.of(inside, graph.filled(0), graph.filled(HIDDEN)));
    }
}
