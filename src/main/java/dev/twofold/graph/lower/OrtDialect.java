package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;
import static dev.twofold.graph.Attributes.number;
import static dev.twofold.graph.operator.OperatorName.MICROSOFT;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.AttentionRule;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Norm.Kind;
import dev.twofold.decoder.Rotary;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.GraphNames;
import dev.twofold.graph.GraphBuilder;
import dev.twofold.graph.lower.KvLayout.Cache;
import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.weight.Weight;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * ONNX Runtime's fused operators. An ordinary layer, and a widened pair with a wide cache, is 11 nodes; a cache of its
 * own for each layer of a pair costs a Split, a GroupQueryAttention and a Concat more.
 */
final class OrtDialect implements Dialect {

    /** What the head size must be a multiple of, and what it and the part that turns must be to be turned as well. */
    private static final int HEAD_SIZE = 8;

    private static final int ROTARY_SIZE = 16;

    /** The operands of GroupQueryAttention that are added to scores, and that are a score for each head. */
    private static final int BIAS = 10;

    private static final int HEAD_SINK = 11;

    private final GraphBuilder graph;
    private final Decoder decoder;
    private final Padding padding;
    private final QueryKeyLowering queryKey;
    private String lastToken = "";
    private String total = "";
    private String length = "";
    private final Map<Integer, String> chunks = new HashMap<>();
    private final Map<Weight, String> ramps = new HashMap<>();
    private String positions = "";
    private final RunRows rows;
    private Optional<RunRows.Moved> moved = Optional.empty();
    private RotaryTables tables = new RotaryTables(Map.of());

    OrtDialect(GraphBuilder graph, Decoder decoder, Padding padding) {
        this.graph = graph;
        this.padding = padding;
        this.rows = new RunRows(graph);
        this.decoder = decoder;
        this.queryKey = new QueryKeyLowering(graph, this);
    }

    @Override
    public SortedMap<String, Long> opsets() {
        return new TreeMap<>(Map.of("", 21L, MICROSOFT, 1L));
    }

    @Override
    public long irVersion() {
        return 10;
    }

    /**
     * GroupQueryAttention wants, as int32, the index of each row's last token and the length of the whole. It takes rows to
     * begin with a token: those that do not are moved, or get an index that it refuses.
     */
    @Override
    public void prologue() {
        requireHeadSize();
        String attended = graph.node(
                "mask/count", "ReduceSum", List.of(GraphNames.MASK, graph.integers(1)), integer("keepdims", 0));
        String counted = padding == Padding.ANY ? attended : refused(attended);
        String last = graph.node("mask/last", "Sub", List.of(counted, graph.integer(1)));
        lastToken = int32("mask/last_int32", last);
        String shape =
                graph.node("mask/shape", "Shape", List.of(GraphNames.MASK), integer("start", 1), integer("end", 2));
        length = graph.node("mask/total", "Squeeze", List.of(shape));
        total = int32("mask/total_int32", length);
        tables = RotaryTables.of(graph, decoder);
        moved = padding == Padding.ANY ? Optional.of(rows.moved()) : Optional.empty();
    }

    /** Nothing of a row that begins with padding. */
    private String refused(String attended) {
        String first =
                graph.node("mask/first", "Gather", List.of(GraphNames.MASK, graph.integer(0)), integer("axis", 1));
        return graph.node("mask/counted", "Mul", List.of(attended, first));
    }

    @Override
    public String ids() {
        return moved.map(RunRows.Moved::ids).orElse(GraphNames.IDS);
    }

    @Override
    public String restored(String x) {
        return moved.map(row -> rows.taken("rows/restored", x, row.back())).orElse(x);
    }

    @Override
    public String lastOf(String x) {
        return rows.taken(GraphNames.LAST_TOKEN, x, rows.place(true));
    }

    private void requireHeadSize() {
        int size = decoder.headSize();
        if (size % HEAD_SIZE != 0) {
            throw TwofoldException.input("GroupQueryAttention takes only heads of a multiple of " + HEAD_SIZE)
                    .at(decoder.facts().source())
                    .found("head size " + size)
                    .hint("use --dialect onnx");
        }
    }

    /** Made when they are first asked for: most models leave positions to GroupQueryAttention. */
    @Override
    public String positions() {
        if (positions.isEmpty()) {
            positions = moved.map(RunRows.Moved::positions)
                    .orElseGet(() -> TokenPositions.of(graph).positions());
        }
        return positions;
    }

    private String int32(String name, String value) {
        return graph.node(name, "Cast", List.of(value), integer("to", DataType.INT32_VALUE));
    }

    @Override
    public String norm(String name, Residual residual, Norm norm) {
        if (residual.isSettled()) {
            return normalize(name, residual.stream(), norm);
        }
        boolean rms = norm.kind() == Kind.RMS;
        String gain = graph.weight(name + ".gain", norm.gain());
        Stream<String> bias = norm.bias().stream().map(values -> graph.weight(name + ".bias", values));
        String normalized = name + "/out";
        String increase = residual.pendingSum(graph, name);
        String stream = name + "/stream";
        graph.add(
                name,
                MICROSOFT,
                rms ? "SkipSimplifiedLayerNormalization" : "SkipLayerNormalization",
                Stream.concat(Stream.of(residual.stream(), increase, gain), bias)
                        .toList(),
                List.of(normalized, "", "", stream),
                number("epsilon", norm.epsilon()));
        residual.settle(stream);
        return normalized;
    }

    @Override
    public String normalize(String name, String x, Norm norm) {
        String gain = graph.weight(name + ".gain", norm.gain());
        Stream<String> bias = norm.bias().stream().map(values -> graph.weight(name + ".bias", values));
        String normalized = name + "/out";
        // ONNX Runtime registers the first one, unlike its sibling above, in the default domain.
        graph.add(
                name,
                "",
                norm.kind() == Kind.RMS ? "SimplifiedLayerNormalization" : "LayerNormalization",
                Stream.concat(Stream.of(x, gain), bias).toList(),
                List.of(normalized),
                number("epsilon", norm.epsilon()),
                integer("axis", -1),
                integer("stash_type", 1));
        return normalized;
    }

    @Override
    public String attend(String name, String x, List<Attention> parts, List<Cache> caches) {
        if (decoder.uncut() || parts.stream().anyMatch(part -> part.latents().any())) {
            return attendApart(name, x, parts, caches);
        }
        Linear packed = Linear.stack(parts.stream()
                .flatMap(part -> Stream.of(part.query(), part.key(), part.value()))
                .toList());
        AttentionRule rule = parts.get(0).rule();
        String queriesKeysValues = queryKey.clip(name, Projection.apply(graph, name + "/qkv", x, packed), rule);
        if (parts.size() == 1) {
            return groupQuery(name + "/gqa", List.of(queriesKeysValues), parts.get(0), caches.get(0));
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
            outputs.add(groupQuery(name + "/gqa", List.of(split.get(i)), parts.get(i), caches.get(i)));
        }
        return graph.node(name + "/concat", "Concat", outputs, integer("axis", -1));
    }

    /** With queries, keys and values as operands of their own, which an engine can cut, or which are made of latents. */
    private String attendApart(String name, String x, List<Attention> parts, List<Cache> caches) {
        List<String> outputs = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            List<String> operands = queryKey.projected(name, x, parts.get(i), decoder.uncut());
            outputs.add(groupQuery(name + "/gqa", operands, parts.get(i), caches.get(i)));
        }
        return outputs.size() == 1
                ? outputs.get(0)
                : graph.node(name + "/concat", "Concat", outputs, integer("axis", -1));
    }

    /**
     * Queries, keys and values stay side by side unless something happens to them that the operator does not do.
     *
     * @param projected queries, keys and values, as three values or side by side in one
     */
    private String groupQuery(String name, List<String> projected, Attention part, Cache cache) {
        String unique = graph.unique(name);
        String result = unique + "/out";
        boolean fused = !QueryKeyLowering.normsTurned(part)
                && part.rule()
                        .rotary()
                        .filter(rotary -> rotates(rotary, part.headSize()))
                        .isPresent();
        boolean apart = projected.size() > 1
                || QueryKeyLowering.changesQueries(part)
                || !fused && part.rule().rotary().isPresent();
        List<String> operands =
                new ArrayList<>(apart ? separate(unique, projected, part, fused) : List.of(projected.get(0), "", ""));
        operands.addAll(List.of(DecoderLowering.pastKey(cache), DecoderLowering.pastValue(cache), lastToken, total));
        if (fused) {
            RotaryTables.Tables turns = tables.of(part.rule().rotary().orElseThrow());
            operands.addAll(List.of(turns.cosines(), turns.sines()));
        }
        part.rule().chunk().ifPresent(size -> put(operands, BIAS, chunks.computeIfAbsent(size, this::chunk)));
        part.ramps().ifPresent(own -> put(operands, BIAS, ramps.computeIfAbsent(own, this::ramp)));
        part.sinks().ifPresent(sinks -> put(operands, HEAD_SINK, graph.weight(unique + ".sinks", sinks)));
        graph.add(
                unique,
                MICROSOFT,
                "GroupQueryAttention",
                operands,
                List.of(result, DecoderLowering.presentKey(cache), DecoderLowering.presentValue(cache)),
                attributes(part, fused));
        return result;
    }

    private static void put(List<String> operands, int place, String value) {
        operands.addAll(Collections.nCopies(place - operands.size(), ""));
        operands.add(value);
    }

    private String chunk(int size) {
        return new ChunkMask(graph).bias(positions(), length, size);
    }

    /** Rows begin with a token here, so that keys stand at their positions. */
    private String ramp(Weight own) {
        String name = graph.unique("ramp");
        String places = graph.node(name + "/places", "Range", List.of(graph.integer(0), length, graph.integer(1)));
        String keys = graph.node(name + "/row", "Unsqueeze", List.of(places, graph.integers(0)));
        return new RampBias(graph).bias(name + "/bias", own, positions(), keys);
    }

    /** Whether GroupQueryAttention can turn such heads itself. */
    private static boolean rotates(Rotary rotary, int headSize) {
        return headSize % ROTARY_SIZE == 0 && rotary.width() % ROTARY_SIZE == 0;
    }

    private List<String> separate(String name, List<String> projected, Attention part, boolean fused) {
        List<String> split = projected.size() > 1 ? projected : split(name, projected.get(0), part);
        String query = queryKey.query(
                name, split.get(0), part, x -> fused ? x : rotate(name + "/q", x, part.heads(), part.rule()));
        String key = queryKey.key(
                name, split.get(1), part, x -> fused ? x : rotate(name + "/k", x, part.kvHeads(), part.rule()));
        String value = part.norms().isEmpty() || projected.size() > 1
                ? split.get(2)
                : shaped(name, split.get(2), (long) part.kvHeads() * part.headSize());
        return List.of(query, key, value);
    }

    /**
     * The same value with a width that is known without knowing its input's. From a query whose width is known and a value
     * whose width is not, as at the start of a segment of a sharded model, ONNX Runtime infers that they are packed.
     */
    private String shaped(String name, String x, long width) {
        return graph.node(name + "/value", "Reshape", List.of(x, graph.integers(0, 0, width)));
    }

    private List<String> split(String name, String packed, Attention part) {
        long queries = (long) part.heads() * part.headSize();
        long keys = (long) part.kvHeads() * part.headSize();
        return graph.node(
                name + "/parts",
                "",
                "Split",
                List.of(packed, graph.integers(queries, keys, keys)),
                3,
                integer("axis", -1));
    }

    private String rotate(String name, String x, int heads, AttentionRule rule) {
        return rule.rotary()
                .map(turns -> graph.node(
                                name + "/rotary",
                                MICROSOFT,
                                "RotaryEmbedding",
                                List.of(
                                        x,
                                        positions(),
                                        tables.of(turns).cosines(),
                                        tables.of(turns).sines()),
                                1,
                                RotaryTables.attributes(turns, heads, rule.headSize()))
                        .get(0))
                .orElse(x);
    }

    private static AttributeProto[] attributes(Attention part, boolean fused) {
        AttentionRule rule = part.rule();
        boolean interleaved = fused && rule.rotary().orElseThrow().interleaved();
        List<AttributeProto> attributes = new ArrayList<>(List.of(
                integer("num_heads", part.heads()),
                integer("kv_num_heads", part.kvHeads()),
                integer("do_rotary", fused ? 1 : 0),
                integer("rotary_interleaved", interleaved ? 1 : 0),
                number("scale", rule.scale())));
        rule.slidingWindow().ifPresent(window -> attributes.add(integer("local_window_size", window)));
        rule.cap().ifPresent(cap -> attributes.add(number("softcap", cap)));
        return attributes.toArray(AttributeProto[]::new);
    }

    @Override
    public void tiedHead(String x, String table, String result) {
        new TiedHead(graph, decoder.facts().hiddenSize(), decoder.vocabularyRows()).add(x, table, result);
    }
}
