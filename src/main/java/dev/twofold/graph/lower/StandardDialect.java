package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;
import static dev.twofold.graph.Attributes.integers;
import static dev.twofold.graph.Attributes.number;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.AttentionRule;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Norm.Kind;
import dev.twofold.decoder.Window;
import dev.twofold.execution.GraphNames;
import dev.twofold.graph.GraphBuilder;
import dev.twofold.graph.lower.KvLayout.Cache;
import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.tensor.Precision;
import dev.twofold.weight.Weight;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Standard ONNX operators of opset 23, which any conforming runtime has. */
final class StandardDialect implements Dialect {

    private final GraphBuilder graph;
    private final Decoder decoder;
    private final QueryKeyLowering queryKey;
    private final RunRows rows;
    private final Map<Window, String> windows = new HashMap<>();
    private final Map<Weight, String> ramps = new HashMap<>();
    private final boolean explicitCaches;
    private String positions = "";
    private String allPositions = "";
    private String allowed = "";
    private RotaryTables tables = new RotaryTables(Map.of());

    /** @param explicitCaches for an engine whose Attention knows no caches: they are joined to the keys before it */
    StandardDialect(GraphBuilder graph, Decoder decoder, boolean explicitCaches) {
        this.graph = graph;
        this.rows = new RunRows(graph);
        this.decoder = decoder;
        this.queryKey = new QueryKeyLowering(graph, this);
        this.explicitCaches = explicitCaches;
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
     * rows of padding tokens from being all masked, which would make them NaN. A row that had tokens and has none in this run
     * is refused: the caller has told the new token's place where GroupQueryAttention would have put it.
     */
    @Override
    public void prologue() {
        String mask = GraphNames.MASK;
        TokenPositions tokens = TokenPositions.of(graph);
        positions = tokens.positions();
        allPositions = tokens.all();
        String one = graph.integer(1);
        String keys = graph.node("mask/keys", "Range", List.of(graph.integer(0), tokens.total(), one));
        String step = explicitCaches ? one : rows.step();
        String placed = graph.node("mask/queries", "Range", List.of(tokens.past(), tokens.total(), step));
        String queries = graph.node("mask/column", "Unsqueeze", List.of(placed, graph.integers(1)));
        String causal = graph.node("mask/causal", "LessOrEqual", List.of(keys, queries));
        String own = graph.node("mask/own", "Equal", List.of(keys, queries));
        String attended = graph.node("mask/attended", "Cast", List.of(mask), integer("to", DataType.BOOL_VALUE));
        String row = graph.node("mask/row", "Unsqueeze", List.of(attended, graph.integers(1, 2)));
        String present = graph.node("mask/present", "Or", List.of(row, own));
        allowed = graph.node("mask/allowed", "And", List.of(present, causal));
        tables = RotaryTables.of(graph, decoder);
    }

    /** What queries may see of keys, as truth values, or as numbers to add where heads add some. */
    private String allowed(Attention part) {
        return part.ramps()
                .map(own -> ramps.computeIfAbsent(own, this::ramp))
                .orElseGet(() -> allowed(part.rule().window()));
    }

    private String ramp(Weight own) {
        String name = graph.unique("mask/ramp");
        String bias = new RampBias(graph).bias(name + "/bias", own, positions, allPositions);
        return graph.node(name, "Where", List.of(allowed, bias, graph.filled(ChunkMask.HIDDEN)));
    }

    /** The mask of queries that see the tokens of a window, themselves included. */
    private String allowed(Optional<Window> window) {
        return window.map(own -> windows.computeIfAbsent(own, this::within)).orElse(allowed);
    }

    /** By positions, not by places in the cache: padding between tokens takes up no room in a window. */
    private String within(Window window) {
        boolean chunk = window.kind() == Window.Kind.CHUNK;
        String name = (chunk ? "mask/chunk_" : "mask/window_") + window.size();
        String queries = graph.node(name + "/queries", "Unsqueeze", List.of(positions, graph.integers(1, 3)));
        String inside = chunk
                ? new ChunkMask(graph).inside(name, queries, keys(name), window.size())
                : sliding(name, queries, window.size());
        return graph.node(name, "And", List.of(allowed, inside));
    }

    private String sliding(String name, String queries, int size) {
        String before = graph.node(name + "/before", "Sub", List.of(queries, graph.integer(size)));
        return graph.node(name + "/inside", "Greater", List.of(keys(name), before));
    }

    private String keys(String name) {
        return graph.node(name + "/keys", "Unsqueeze", List.of(allPositions, graph.integers(1, 2)));
    }

    @Override
    public String ids() {
        return GraphNames.IDS;
    }

    @Override
    public String restored(String x) {
        return x;
    }

    @Override
    public String lastOf(String x) {
        return rows.taken(GraphNames.LAST_TOKEN, x, rows.place(true));
    }

    @Override
    public String positions() {
        return positions;
    }

    @Override
    public String norm(String name, Residual residual, Norm norm) {
        return normalize(name, residual.settled(graph, name), norm);
    }

    @Override
    public String normalize(String name, String x, Norm norm) {
        String gain = graph.weight(name + ".gain", norm.gain());
        String normalized = name + "/out";
        Stream<String> bias = norm.bias().stream().map(values -> graph.weight(name + ".bias", values));
        graph.add(
                name,
                "",
                norm.kind() == Kind.RMS ? "RMSNormalization" : "LayerNormalization",
                Stream.concat(Stream.of(x, gain), bias).toList(),
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

    private String attend(String name, String read, Attention part, Cache cache) {
        String unique = graph.unique(name + "/attention");
        List<String> split = queryKey.projected(unique, read, part, decoder.uncut());
        String query =
                queryKey.query(unique, split.get(0), part, x -> rotate(unique + "/q", x, part.heads(), part.rule()));
        String key =
                queryKey.key(unique, split.get(1), part, x -> rotate(unique + "/k", x, part.kvHeads(), part.rule()));
        if (part.sinks().isPresent()) {
            String mask = allowed(part);
            List<String> operands = List.of(query, key, split.get(2));
            return new SpelledAttention(graph)
                    .attend(unique, operands, mask, part, part.sinks().get(), cache);
        }
        if (explicitCaches) {
            return new JoinedCaches(graph)
                    .attend(unique, List.of(query, key, split.get(2)), allowed(part), part, cache);
        }
        String result = unique + "/out";
        graph.add(
                unique,
                "",
                "Attention",
                List.of(
                        query,
                        key,
                        split.get(2),
                        allowed(part),
                        DecoderLowering.pastKey(cache),
                        DecoderLowering.pastValue(cache)),
                List.of(result, DecoderLowering.presentKey(cache), DecoderLowering.presentValue(cache)),
                attributes(part));
        return result;
    }

    private static AttributeProto[] attributes(Attention part) {
        Stream<AttributeProto> always = Stream.of(
                integer("q_num_heads", part.heads()),
                integer("kv_num_heads", part.kvHeads()),
                number("scale", part.rule().scale()));
        Stream<AttributeProto> cap = part.rule().cap().stream().map(value -> number("softcap", value));
        return Stream.concat(always, cap).toArray(AttributeProto[]::new);
    }

    private String rotate(String name, String x, int heads, AttentionRule rule) {
        return rule.rotary()
                .map(turns -> graph.node(
                        name + "/rotary",
                        "RotaryEmbedding",
                        List.of(x, tables.of(turns).cosines(), tables.of(turns).sines(), positions),
                        RotaryTables.attributes(turns, heads, rule.headSize())))
                .orElse(x);
    }

    /** In fp16 ONNX Runtime's CPU provider sums a Gemm in fp16, which costs an error of 0.1 in the logits; not so a MatMul. */
    @Override
    public void tiedHead(String x, String table, String result) {
        if (decoder.precision() == Precision.FP16) {
            String columns = graph.node("head/transpose", "Transpose", List.of(table), integers("perm", 1, 0));
            graph.add("head", "", "MatMul", List.of(x, columns), List.of(result));
            return;
        }
        new TiedHead(graph, decoder.facts().hiddenSize(), decoder.vocabularyRows()).add(x, table, result);
    }
}
