package dev.twofold.onnx;

import static dev.twofold.onnx.Attributes.integer;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Step;
import dev.twofold.onnx.GraphBuilder.Dim;
import dev.twofold.onnx.KvLayout.Cache;
import dev.twofold.onnx.proto.TensorProto.DataType;
import dev.twofold.pass.GraphNames;
import dev.twofold.weight.Weights;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Lowers a decoder to a graph with KV caches, step by step along the residual stream. */
final class DecoderLowering {

    private static final Dim BATCH = Dim.named("batch_size");
    private static final Dim SEQUENCE = Dim.named("sequence_length");
    private static final Dim PAST = Dim.named("past_sequence_length");
    private static final Dim TOTAL = Dim.named("total_sequence_length");

    private record NormOf(String stream, Norm norm) {}

    private final Decoder decoder;
    private final GraphBuilder graph;
    private final Dialect dialect;
    private final KvLayout layout;
    private final List<Cache> caches;
    private final Map<Integer, Cache> cacheOfLayer;
    private final Map<NormOf, String> norms = new HashMap<>();

    private DecoderLowering(Decoder decoder, DialectName dialect, KvLayout layout) {
        this.decoder = decoder;
        this.graph = new GraphBuilder(decoder.precision().dtype());
        this.dialect = dialect.create(graph, decoder);
        this.layout = layout;
        this.caches = layout.caches(decoder);
        this.cacheOfLayer = caches.stream().collect(Collectors.toMap(Cache::layer, Function.identity()));
    }

    static Graph lower(Decoder decoder, DialectName dialect, KvLayout layout) {
        return new DecoderLowering(decoder, dialect, layout).lower();
    }

    static String pastKey(Cache cache) {
        return GraphNames.PAST + cache.index() + ".key";
    }

    static String pastValue(Cache cache) {
        return GraphNames.PAST + cache.index() + ".value";
    }

    static String presentKey(Cache cache) {
        return GraphNames.PRESENT + cache.index() + ".key";
    }

    static String presentValue(Cache cache) {
        return GraphNames.PRESENT + cache.index() + ".value";
    }

    private Graph lower() {
        declareInterface();
        dialect.prologue();
        String table = graph.weight("embedding.weight", decoder.embedding());
        Residual residual = new Residual(graph.node("embedding", "Gather", List.of(table, GraphNames.IDS)));
        decoder.steps().forEach(step -> step(step, residual));
        head(norm("final_norm", residual, decoder.finalNorm()));
        return graph.build(dialect.opsets(), dialect.irVersion());
    }

    private void declareInterface() {
        DataType floating = graph.floating();
        graph.input(GraphNames.IDS, DataType.INT64, BATCH, SEQUENCE);
        graph.input(GraphNames.MASK, DataType.INT64, BATCH, TOTAL);
        graph.output(
                GraphNames.LOGITS,
                floating,
                BATCH,
                SEQUENCE,
                Dim.of(decoder.facts().vocabularySize()));
        for (Cache cache : caches) {
            Dim heads = Dim.of(cache.kvHeads());
            Dim size = Dim.of(cache.headSize());
            graph.input(pastKey(cache), floating, BATCH, heads, PAST, size);
            graph.input(pastValue(cache), floating, BATCH, heads, PAST, size);
            graph.output(presentKey(cache), floating, BATCH, heads, TOTAL, size);
            graph.output(presentValue(cache), floating, BATCH, heads, TOTAL, size);
        }
    }

    private void step(Step step, Residual residual) {
        List<String> results = new ArrayList<>();
        for (Branch branch : step.branches()) {
            if (branch.body() instanceof Chain chain) {
                results.addAll(chain(branch, chain, residual));
            } else {
                Norm norm = branch.in().orElseThrow();
                String name = name(branch);
                results.add(body(name, norm(name + "/norm", residual, norm), branch));
            }
        }
        results.forEach(residual::add);
    }

    /** What a chain adds to the stream outside it. Its first norm settles that stream, as any branch's would. */
    private List<String> chain(Branch branch, Chain chain, Residual residual) {
        Branch first = chain.steps().get(0).branches().get(0);
        norm(name(first) + "/norm", residual, first.in().orElseThrow());
        Residual inner = new Residual(residual.stream());
        chain.steps().forEach(step -> step(step, inner));
        return inner.increase();
    }

    private static String name(Branch branch) {
        String layers =
                branch.origin().layers().stream().map(String::valueOf).collect(Collectors.joining("_", "layers.", "/"));
        return layers + (branch.body() instanceof Attention ? "attention" : "feed_forward");
    }

    /** Branches of a step whose norms are equal read one value. */
    private String norm(String name, Residual residual, Norm norm) {
        if (residual.isSettled()) {
            String known = norms.get(new NormOf(residual.stream(), norm));
            if (known != null) {
                return known;
            }
        }
        String normalized = dialect.norm(graph.unique(name), residual, norm);
        norms.put(new NormOf(residual.stream(), norm), normalized);
        return normalized;
    }

    private String body(String name, String x, Branch branch) {
        if (branch.body() instanceof Attention attention) {
            List<Attention> parts = layout.parts(attention);
            List<Cache> used = parts.stream()
                    .map(part -> cacheOfLayer.get(part.members().get(0).layer()))
                    .toList();
            String heads = dialect.attend(name, x, parts, used);
            return Projection.apply(graph, name + "/output", heads, attention.output());
        } else if (branch.body() instanceof FeedForward feedForward) {
            return feedForward(name, x, feedForward);
        }
        throw new IllegalStateException("no lowering for " + branch.body());
    }

    private String feedForward(String name, String x, FeedForward feedForward) {
        Linear packed = Linear.stack(List.of(feedForward.gate(), feedForward.up()));
        String both = Projection.apply(graph, name + "/gate_up", x, packed);
        String sizes = graph.integers(feedForward.width(), feedForward.width());
        List<String> split = graph.node(name + "/split", "", "Split", List.of(both, sizes), 2, integer("axis", -1));
        String sigmoid = graph.node(name + "/sigmoid", "Sigmoid", List.of(split.get(0)));
        String silu = graph.node(name + "/silu", "Mul", List.of(split.get(0), sigmoid));
        String gated = graph.node(name + "/gated", "Mul", List.of(silu, split.get(1)));
        return Projection.apply(graph, name + "/down", gated, feedForward.down());
    }

    private void head(String x) {
        Linear head = decoder.head();
        if (decoder.tied()) {
            dialect.tiedHead(x, head);
            return;
        }
        String weight = graph.weight("head.weight", Weights.transpose(head.weight()));
        graph.add("head", "", "MatMul", List.of(x, weight), List.of(GraphNames.LOGITS));
    }
}
