package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;
import static dev.twofold.graph.Attributes.integers;
import static dev.twofold.graph.Attributes.number;

import dev.twofold.decoder.Attention;
import dev.twofold.diag.TwofoldException;
import dev.twofold.graph.GraphBuilder;
import dev.twofold.graph.lower.KvLayout.Cache;
import java.util.List;

/**
 * Attention for TensorRT, whose importer takes the standard operator without its caches, without its cap, and with one
 * output: keys and values are joined to their caches before it.
 */
record JoinedCaches(GraphBuilder graph) {

    /**
     * The heads' outputs, {@code [batch, sequence, heads * head size]}.
     *
     * @param operands queries, keys and values, {@code [batch, sequence, heads * head size]}
     * @param mask what queries may see of keys
     * @throws TwofoldException of kind INPUT if scores are capped
     */
    String attend(String name, List<String> operands, String mask, Attention part, Cache cache) {
        if (part.rule().cap().isPresent()) {
            throw TwofoldException.input("TensorRT does not cap the scores of an attention, as this model does")
                    .found("--collective tensorrt")
                    .hint("use --collective ort or --collective annotate");
        }
        String query = byHead(name + "/q", operands.get(0), part.heads(), part.headSize());
        String key = byHead(name + "/k", operands.get(1), part.kvHeads(), part.headSize());
        String value = byHead(name + "/v", operands.get(2), part.kvHeads(), part.headSize());
        String keys = DecoderLowering.presentKey(cache);
        String values = DecoderLowering.presentValue(cache);
        join(name + "/keys", DecoderLowering.pastKey(cache), key, keys);
        join(name + "/values", DecoderLowering.pastValue(cache), value, values);
        String heads = name + "/out";
        graph.add(
                name,
                "",
                "Attention",
                List.of(query, keys, values, mask),
                List.of(heads),
                number("scale", part.rule().scale()));
        String tokens = graph.node(name + "/tokens", "Transpose", List.of(heads), integers("perm", 0, 2, 1, 3));
        String width = graph.integers(0, 0, (long) part.heads() * part.headSize());
        return graph.node(name + "/joined", "Reshape", List.of(tokens, width));
    }

    private String byHead(String name, String x, int heads, int headSize) {
        String apart = graph.node(name + "/heads", "Reshape", List.of(x, graph.integers(0, 0, heads, headSize)));
        return graph.node(name + "/by_head", "Transpose", List.of(apart), integers("perm", 0, 2, 1, 3));
    }

    private void join(String name, String past, String next, String present) {
        graph.add(name, "", "Concat", List.of(past, next), List.of(present), integer("axis", 2));
    }
}
