package dev.twofold.graph.plain;

import static dev.twofold.graph.Attributes.integer;
import static dev.twofold.graph.Attributes.integers;
import static dev.twofold.graph.Attributes.number;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.HeadScores;
import dev.twofold.graph.proto.TensorProto.DataType;
import java.util.List;

/**
 * Attention over a whole window by ONNX Runtime's own operator, which computes no scores of later tokens. For measuring: what emitted graphs
 * are compared with computes every score.
 */
final class FusedAttention {

    /** Heads of other sizes are refused by some versions. */
    private static final int HEAD_SIZE = 8;

    private final PlainBuild build;
    private final int tokens;

    FusedAttention(PlainBuild build, int tokens) {
        this.build = build;
        this.tokens = tokens;
    }

    /** Whether all that an attention does to its scores is to scale them, and to hide those of later tokens. */
    boolean takes(Attention attention) {
        return attention.scores().equals(HeadScores.NONE)
                && attention.rule().cap().isEmpty()
                && attention.rule().window().stream().allMatch(window -> window.size() >= tokens)
                && attention.rule().headSize() % HEAD_SIZE == 0;
    }

    /**
     * @param query {@code [batch, heads, tokens, size]}, turned; {@code key} and {@code value} of as many heads as the attention has
     * @return {@code [batch, tokens, heads * size]}
     */
    String mix(String query, String key, String value, Attention attention) {
        long size = attention.rule().headSize();
        String batch = build.node("Shape", List.of(query), integer("end", 1));
        String lasts = build.node("Expand", build.integer(tokens - 1), batch);
        String last = build.node("Cast", List.of(lasts), integer("to", DataType.INT32_VALUE));
        String all = build.node("Cast", List.of(build.integers(tokens)), integer("to", DataType.INT32_VALUE));
        return build.microsoft(
                "GroupQueryAttention",
                List.of(
                        joined(query, attention.heads() * size),
                        joined(key, attention.kvHeads() * size),
                        joined(value, attention.kvHeads() * size),
                        "",
                        "",
                        last,
                        all),
                3,
                integer("num_heads", attention.heads()),
                integer("kv_num_heads", attention.kvHeads()),
                number("scale", attention.rule().scale()));
    }

    private String joined(String heads, long width) {
        String byToken = build.node("Transpose", List.of(heads), integers("perm", 0, 2, 1, 3));
        return build.node("Reshape", byToken, build.integers(0, 0, width));
    }
}
