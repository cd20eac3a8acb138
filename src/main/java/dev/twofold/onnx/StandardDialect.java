package dev.twofold.onnx;

import static dev.twofold.onnx.Attributes.integer;
import static dev.twofold.onnx.Attributes.integers;
import static dev.twofold.onnx.Attributes.number;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.onnx.KvLayout.Cache;
import dev.twofold.onnx.proto.TensorProto.DataType;
import dev.twofold.pass.GraphNames;
import dev.twofold.tensor.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Standard ONNX operators of opset 23, which any conforming runtime has. */
final class StandardDialect implements Dialect {

    private final GraphBuilder graph;
    private final Decoder decoder;
    private String positions = "";
    private String allowed = "";
    private String cosines = "";
    private String sines = "";

    StandardDialect(GraphBuilder graph, Decoder decoder) {
        this.graph = graph;
        this.decoder = decoder;
    }

    @Override
    public SortedMap<String, Long> opsets() {
        return new TreeMap<>(Map.of("", 23L));
    }

    @Override
    public long irVersion() {
        return 11;
    }

    /**
     * Positions {@code [batch, sequence]} count the attended tokens up to each; the mask {@code [batch, 1, sequence,
     * total]} allows a key that is not after the query and is attended to, or is the query's own. The last keeps the
     * rows of padding tokens from being all masked, which would make them NaN.
     */
    @Override
    public void prologue() {
        String mask = GraphNames.MASK;
        String total = extent("mask/total", mask);
        String sequence = extent("mask/sequence", GraphNames.IDS);
        String past = graph.node("mask/past", "Sub", List.of(total, sequence));

        String counts = graph.node("positions/counts", "CumSum", List.of(mask, graph.integer(1)));
        String all = graph.node("positions/all", "Sub", List.of(counts, graph.integer(1)));
        String notNegative = graph.node("positions/clip", "Max", List.of(all, graph.integer(0)));
        String from = graph.node("positions/from", "Unsqueeze", List.of(past, graph.integers(0)));
        String to = graph.node("positions/to", "Unsqueeze", List.of(total, graph.integers(0)));
        positions = graph.node("positions", "Slice", List.of(notNegative, from, to, graph.integers(1)));

        String zero = graph.integer(0);
        String one = graph.integer(1);
        String keys = graph.node("mask/keys", "Range", List.of(zero, total, one));
        String queries = graph.node("mask/queries", "Range", List.of(past, total, one));
        String column = graph.node("mask/column", "Unsqueeze", List.of(queries, graph.integers(1)));
        String causal = graph.node("mask/causal", "LessOrEqual", List.of(keys, column));
        String own = graph.node("mask/own", "Equal", List.of(keys, column));
        String attended = graph.node("mask/attended", "Cast", List.of(mask), integer("to", DataType.BOOL_VALUE));
        String row = graph.node("mask/row", "Unsqueeze", List.of(attended, graph.integers(1, 2)));
        String present = graph.node("mask/present", "Or", List.of(row, own));
        allowed = graph.node("mask/allowed", "And", List.of(present, causal));

        cosines = graph.weight("rotary.cosines", decoder.rotary().cosines());
        sines = graph.weight("rotary.sines", decoder.rotary().sines());
    }

    /** The second dimension of a matrix, as a scalar. */
    private String extent(String name, String value) {
        String dimension = graph.node(name + "/shape", "Shape", List.of(value), integer("start", 1), integer("end", 2));
        return graph.node(name, "Squeeze", List.of(dimension));
    }

    @Override
    public String norm(String name, Residual residual, Norm norm) {
        if (!residual.isSettled()) {
            String increase = residual.pendingSum(graph, name);
            residual.settle(graph.node(name + "/add", "Add", List.of(residual.stream(), increase)));
        }
        String gain = graph.weight(name + ".gain", norm.gain());
        String normalized = name + "/out";
        graph.add(
                name,
                "",
                "RMSNormalization",
                List.of(residual.stream(), gain),
                List.of(normalized),
                integer("axis", -1),
                number("epsilon", norm.epsilon()));
        return normalized;
    }

    @Override
    public String attend(String name, String x, List<Attention> parts, List<Cache> caches) {
        List<String> outputs = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            outputs.add(attend(name, x, parts.get(i), caches.get(i)));
        }
        return outputs.size() == 1
                ? outputs.get(0)
                : graph.node(name + "/concat", "Concat", outputs, integer("axis", -1));
    }

    private String attend(String name, String x, Attention part, Cache cache) {
        long queries = (long) part.heads() * part.headSize();
        long keys = (long) part.kvHeads() * part.headSize();
        Linear packed = Linear.stack(List.of(part.query(), part.key(), part.value()));
        String unique = graph.unique(name + "/attention");
        String projected = Projection.apply(graph, unique + "/qkv", x, packed);
        List<String> split = graph.node(
                unique + "/split",
                "",
                "Split",
                List.of(projected, graph.integers(queries, keys, keys)),
                3,
                integer("axis", -1));
        String query = rotate(unique + "/q", split.get(0), part.heads());
        String key = rotate(unique + "/k", split.get(1), part.kvHeads());
        String result = unique + "/out";
        graph.add(
                unique,
                "",
                "Attention",
                List.of(
                        query,
                        key,
                        split.get(2),
                        allowed,
                        DecoderLowering.pastKey(cache),
                        DecoderLowering.pastValue(cache)),
                List.of(result, DecoderLowering.presentKey(cache), DecoderLowering.presentValue(cache)),
                integer("q_num_heads", part.heads()),
                integer("kv_num_heads", part.kvHeads()),
                number("scale", 1 / Math.sqrt(part.headSize())));
        return result;
    }

    private String rotate(String name, String x, int heads) {
        return graph.node(
                name + "/rotary",
                "RotaryEmbedding",
                List.of(x, cosines, sines, positions),
                integer("num_heads", heads));
    }

    /**
     * Gemm reads the table transposed without a copy of it, but only takes matrices; and in fp16 ONNX Runtime's CPU
     * provider sums its products in fp16, which costs an error of 0.1 in the logits, where MatMul does not.
     */
    @Override
    public void tiedHead(String x, Linear head) {
        String table = graph.weight("embedding.weight", head.weight());
        if (decoder.precision() == Precision.FP16) {
            String columns = graph.node("head/transpose", "Transpose", List.of(table), integers("perm", 1, 0));
            graph.add("head", "", "MatMul", List.of(x, columns), List.of(GraphNames.LOGITS));
            return;
        }
        String rows = graph.node(
                "head/rows",
                "Reshape",
                List.of(x, graph.integers(-1, decoder.facts().hiddenSize())));
        String product = graph.node("head", "Gemm", List.of(rows, table), integer("transB", 1));
        String shape = graph.node("head/ids_shape", "Shape", List.of(GraphNames.IDS));
        String vocabulary = graph.integers(decoder.facts().vocabularySize());
        String target = graph.node("head/shape", "Concat", List.of(shape, vocabulary), integer("axis", 0));
        graph.add("head/logits", "", "Reshape", List.of(product, target), List.of(GraphNames.LOGITS));
    }
}
