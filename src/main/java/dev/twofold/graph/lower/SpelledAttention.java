package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;
import static dev.twofold.graph.Attributes.integers;

import dev.twofold.decoder.Attention;
import dev.twofold.graph.GraphBuilder;
import dev.twofold.graph.lower.KvLayout.Cache;
import dev.twofold.weight.Weight;
import java.util.List;

/**
 * Attention in products and a softmax, for what the standard operator has no place for: scores of heads that take part in the
 * softmax. The query heads that share a KV head have an axis of their own, {@code [batch, KV heads, share, tokens, size]}.
 */
record SpelledAttention(GraphBuilder graph) {

    /**
     * The heads' outputs, {@code [batch, sequence, heads * head size]}.
     *
     * @param operands queries, keys and values, {@code [batch, sequence, heads * head size]}
     * @param mask what queries may see of keys, {@code [batch, 1, sequence, total]}
     * @param sinks {@code [heads]}
     */
    String attend(String name, List<String> operands, String mask, Attention part, Weight sinks, Cache cache) {
        long size = part.headSize();
        long kvHeads = part.kvHeads();
        long share = part.heads() / kvHeads;
        String keys = joined(
                name + "/keys",
                operands.get(1),
                part,
                DecoderLowering.pastKey(cache),
                DecoderLowering.presentKey(cache));
        String values = joined(
                name + "/values",
                operands.get(2),
                part,
                DecoderLowering.pastValue(cache),
                DecoderLowering.presentValue(cache));
        String parted = graph.node(
                name + "/q_heads", "Reshape", List.of(operands.get(0), graph.integers(0, 0, kvHeads, share, size)));
        String query = graph.node(name + "/q", "Transpose", List.of(parted), integers("perm", 0, 2, 3, 1, 4));
        String turned = graph.node(name + "/keys_turned", "Transpose", List.of(keys), integers("perm", 0, 1, 3, 2));
        String product = graph.node(name + "/products", "MatMul", List.of(query, one(name + "/keys_each", turned)));
        String scaled = graph.node(
                name + "/scores",
                "Mul",
                List.of(product, graph.filled(part.rule().scale())));
        String scores = part.rule().cap().map(cap -> capped(name, scaled, cap)).orElse(scaled);
        String seen = graph.node(name + "/seen", "Unsqueeze", List.of(mask, graph.integers(1)));
        String masked = graph.node(name + "/masked", "Where", List.of(seen, scores, graph.filled(ChunkMask.HIDDEN)));
        String shares = softmax(name, masked, sinks, kvHeads, share);
        String mixed = graph.node(name + "/mixed", "MatMul", List.of(shares, one(name + "/values_each", values)));
        String tokens = graph.node(name + "/tokens", "Transpose", List.of(mixed), integers("perm", 0, 3, 1, 2, 4));
        return graph.node(name + "/out", "Reshape", List.of(tokens, graph.integers(0, 0, part.heads() * size)));
    }

    private String capped(String name, String scores, double cap) {
        String limit = graph.filled(cap);
        String bent =
                graph.node(name + "/bent", "Tanh", List.of(graph.node(name + "/part", "Div", List.of(scores, limit))));
        return graph.node(name + "/capped", "Mul", List.of(bent, limit));
    }

    /** With an axis for the query heads that share. */
    private String one(String name, String x) {
        return graph.node(name, "Unsqueeze", List.of(x, graph.integers(2)));
    }

    private String joined(String name, String x, Attention part, String past, String present) {
        String apart = graph.node(
                name + "_heads", "Reshape", List.of(x, graph.integers(0, 0, part.kvHeads(), part.headSize())));
        String next = graph.node(name + "_by_head", "Transpose", List.of(apart), integers("perm", 0, 2, 1, 3));
        graph.add(name, "", "Concat", List.of(past, next), List.of(present), integer("axis", 2));
        return present;
    }

    /** What keys get where the score of each head takes part. */
    private String softmax(String name, String scores, Weight sinks, long kvHeads, long share) {
        String own = graph.node(
                name + "/sinks",
                "Reshape",
                List.of(graph.weight(name + ".sinks", sinks), graph.integers(1, kvHeads, share, 1, 1)));
        String rows = graph.node(name + "/rows", "Shape", List.of(scores), integer("end", 4));
        String shape = graph.node(name + "/column", "Concat", List.of(rows, graph.integers(1)), integer("axis", 0));
        String column = graph.node(name + "/sink_column", "Expand", List.of(own, shape));
        String all = graph.node(name + "/beside", "Concat", List.of(scores, column), integer("axis", -1));
        String shares = graph.node(name + "/softmax", "Softmax", List.of(all), integer("axis", -1));
        return graph.node(
                name + "/shares", "Slice", List.of(shares, graph.integers(0), graph.integers(-1), graph.integers(-1)));
    }
}
