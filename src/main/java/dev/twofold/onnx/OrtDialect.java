package dev.twofold.onnx;

import static dev.twofold.onnx.Attributes.integer;
import static dev.twofold.onnx.Attributes.number;
import static dev.twofold.onnx.GraphBuilder.MICROSOFT;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.diag.TwofoldException;
import dev.twofold.onnx.KvLayout.Cache;
import dev.twofold.onnx.proto.TensorProto.DataType;
import dev.twofold.pass.GraphNames;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * ONNX Runtime's fused operators. An ordinary layer, and a widened pair with a wide cache, is 11 nodes; a cache of its
 * own for each layer of a pair costs a Split, a GroupQueryAttention and a Concat more.
 */
final class OrtDialect implements Dialect {

    private final GraphBuilder graph;
    private final Decoder decoder;
    private String lastToken = "";
    private String total = "";
    private String cosines = "";
    private String sines = "";

    OrtDialect(GraphBuilder graph, Decoder decoder) {
        this.graph = graph;
        this.decoder = decoder;
    }

    @Override
    public SortedMap<String, Long> opsets() {
        return new TreeMap<>(Map.of("", 21L, MICROSOFT, 1L));
    }

    @Override
    public long irVersion() {
        return 10;
    }

    /** GroupQueryAttention wants, as int32, the index of each row's last token and the length of the whole. */
    @Override
    public void prologue() {
        requireHeadSize();
        String attended = graph.node(
                "mask/count", "ReduceSum", List.of(GraphNames.MASK, graph.integers(1)), integer("keepdims", 0));
        String last = graph.node("mask/last", "Sub", List.of(attended, graph.integer(1)));
        lastToken = int32("mask/last_int32", last);
        String length =
                graph.node("mask/shape", "Shape", List.of(GraphNames.MASK), integer("start", 1), integer("end", 2));
        total = int32("mask/total_int32", graph.node("mask/total", "Squeeze", List.of(length)));
        cosines = graph.weight("rotary.cosines", decoder.rotary().cosines());
        sines = graph.weight("rotary.sines", decoder.rotary().sines());
    }

    private void requireHeadSize() {
        int size = decoder.rotary().headSize();
        if (size % 16 != 0) {
            throw TwofoldException.input("GroupQueryAttention rotates only heads of a multiple of 16")
                    .at(decoder.facts().source())
                    .found("head size " + size)
                    .hint("--dialect onnx");
        }
    }

    private String int32(String name, String value) {
        return graph.node(name, "Cast", List.of(value), integer("to", DataType.INT32_VALUE));
    }

    @Override
    public String norm(String name, Residual residual, Norm norm) {
        String gain = graph.weight(name + ".gain", norm.gain());
        String normalized = name + "/out";
        if (residual.isSettled()) {
            // ONNX Runtime registers this one, unlike its sibling below, in the default domain.
            graph.add(
                    name,
                    "",
                    "SimplifiedLayerNormalization",
                    List.of(residual.stream(), gain),
                    List.of(normalized),
                    number("epsilon", norm.epsilon()),
                    integer("axis", -1),
                    integer("stash_type", 1));
            return normalized;
        }
        String increase = residual.pendingSum(graph, name);
        String stream = name + "/stream";
        graph.add(
                name,
                MICROSOFT,
                "SkipSimplifiedLayerNormalization",
                List.of(residual.stream(), increase, gain),
                List.of(normalized, "", "", stream),
                number("epsilon", norm.epsilon()));
        residual.settle(stream);
        return normalized;
    }

    @Override
    public String attend(String name, String x, List<Attention> parts, List<Cache> caches) {
        Linear packed = Linear.stack(parts.stream()
                .flatMap(part -> Stream.of(part.query(), part.key(), part.value()))
                .toList());
        String queriesKeysValues = Projection.apply(graph, name + "/qkv", x, packed);
        if (parts.size() == 1) {
            return groupQuery(name + "/gqa", queriesKeysValues, parts.get(0), caches.get(0));
        }
        long[] sizes = parts.stream()
                .mapToLong(part -> (long) part.headSize() * (part.heads() + 2 * part.kvHeads()))
                .toArray();
        List<String> split = graph.node(
                name + "/split",
                "",
                "Split",
                List.of(queriesKeysValues, graph.integers(sizes)),
                parts.size(),
                integer("axis", -1));
        List<String> outputs = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            outputs.add(groupQuery(name + "/gqa", split.get(i), parts.get(i), caches.get(i)));
        }
        return graph.node(name + "/concat", "Concat", outputs, integer("axis", -1));
    }

    private String groupQuery(String name, String packed, Attention part, Cache cache) {
        String unique = graph.unique(name);
        String result = unique + "/out";
        graph.add(
                unique,
                MICROSOFT,
                "GroupQueryAttention",
                List.of(
                        packed,
                        "",
                        "",
                        DecoderLowering.pastKey(cache),
                        DecoderLowering.pastValue(cache),
                        lastToken,
                        total,
                        cosines,
                        sines),
                List.of(result, DecoderLowering.presentKey(cache), DecoderLowering.presentValue(cache)),
                integer("num_heads", part.heads()),
                integer("kv_num_heads", part.kvHeads()),
                integer("do_rotary", 1),
                integer("rotary_interleaved", 0),
                number("scale", 1 / Math.sqrt(part.headSize())));
        return result;
    }

    @Override
    public void tiedHead(String x, Linear head) {
        graph.add(
                graph.unique("head"),
                MICROSOFT,
                "FusedMatMul",
                List.of(x, graph.weight("embedding.weight", head.weight())),
                List.of(GraphNames.LOGITS),
                integer("transB", 1));
    }
}
