package dev.twofold.graph.lower;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Step;
import dev.twofold.execution.GraphNames;
import dev.twofold.graph.Graph;
import dev.twofold.graph.GraphBuilder;
import dev.twofold.graph.GraphBuilder.Dim;
import dev.twofold.graph.lower.KvLayout.Cache;
import dev.twofold.graph.proto.TensorProto.DataType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Collectors;

/** Lowers a decoder to a graph with KV caches, step by step along the residual stream. */
public final class DecoderLowering {

    private static final Dim BATCH = Dim.named("batch_size");
    private static final Dim SEQUENCE = Dim.named("sequence_length");
    private static final Dim PAST = Dim.named("past_sequence_length");
    private static final Dim TOTAL = Dim.named("total_sequence_length");

    private record NormOf(String stream, Norm norm) {}

    private final Decoder decoder;
    private final LogitsSpan logits;
    private final GraphBuilder graph;
    private final Dialect dialect;
    private final Optional<Collectives> collectives;
    private final List<Cache> caches;
    private final BodyLowering bodies;
    private final Map<NormOf, String> norms = new HashMap<>();

    private DecoderLowering(Decoder decoder, GraphForm form) {
        this.decoder = decoder;
        this.logits = form.logits();
        this.graph = new GraphBuilder(decoder.precision().dtype(), form.blocks());
        this.dialect = form.dialect().create(graph, decoder, form);
        this.collectives = decoder.sharding()
                .filter(cut -> cut.rank().isPresent())
                .map(cut -> Collectives.of(graph, form.engine(), cut.devices(), form.dialect(), decoder.precision()));
        this.caches = form.layout().caches(decoder);
        this.bodies = new BodyLowering(graph, dialect, form, caches, decoder);
    }

    public static Graph lower(Decoder decoder, GraphForm form) {
        return new DecoderLowering(decoder, form).lower();
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
        Vocabulary vocabulary = new Vocabulary(decoder, graph, dialect, collectives);
        Residual residual = new Residual(vocabulary.embed());
        for (int i = 0; i < decoder.steps().size(); i++) {
            List<BranchResult> results = branches(decoder.steps().get(i), residual);
            additions("steps." + i, results).forEach(residual::add);
        }
        String last = dialect.restored(norm("final_norm", residual, decoder.finalNorm()));
        vocabulary.head(logits == LogitsSpan.LAST ? dialect.lastOf(last) : last);
        SortedMap<String, Long> opsets = dialect.opsets();
        collectives.ifPresent(engine -> engine.imports(opsets));
        return graph.build(opsets, dialect.irVersion());
    }

    private void declareInterface() {
        DataType floating = graph.floating();
        graph.input(GraphNames.IDS, DataType.INT64, BATCH, SEQUENCE);
        graph.input(GraphNames.MASK, DataType.INT64, BATCH, TOTAL);
        graph.output(
                GraphNames.LOGITS,
                floating,
                BATCH,
                logits == LogitsSpan.LAST ? Dim.of(1) : SEQUENCE,
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

    /** What a step adds to the stream, after the devices of a sharded model have met. */
    private List<String> additions(String step, List<BranchResult> results) {
        List<BranchResult> whole = collectives
                .map(engine -> new StepReduction(graph, engine, decoder.facts().hiddenSize()).reduce(step, results))
                .orElse(results);
        List<String> values = whole.stream().map(this::finished).toList();
        // In one operator, so that what is on different devices meets once.
        return decoder.uncut() && values.size() > 1 ? List.of(graph.node(step + "/sum", "Sum", values)) : values;
    }

    private String finished(BranchResult result) {
        return result.out()
                .map(norm -> dialect.normalize(graph.unique(result.name() + "/result_norm"), result.value(), norm))
                .orElse(result.value());
    }

    /** What each branch of a step makes. */
    private List<BranchResult> branches(Step step, Residual residual) {
        List<BranchResult> results = new ArrayList<>();
        for (Branch branch : step.branches()) {
            String name = name(branch);
            List<Step> inside = branch.body().steps();
            if (inside.isEmpty()) {
                String value = bodies.lower(name, read(name, residual, branch), branch.body());
                results.add(new BranchResult(name, value, branch.out()));
            } else {
                chain(name, inside, residual)
                        .forEach(value -> results.add(new BranchResult(name, value, Optional.empty())));
            }
        }
        return results;
    }

    /**
     * What a chain adds to the stream outside it. Its first branch settles that stream, as any other would. Where an
     * engine is to cut the model it is one value, which the device that runs the chain can sum.
     */
    private List<String> chain(String name, List<Step> steps, Residual residual) {
        Branch first = steps.get(0).branches().get(0);
        read(name(first), residual, first);
        Residual inner = new Residual(residual.stream());
        steps.forEach(step -> branches(step, inner).forEach(result -> inner.add(finished(result))));
        if (decoder.uncut()) {
            return List.of(Residual.sum(graph, name + "/chain", inner.increase()));
        }
        return inner.increase();
    }

    private static String name(Branch branch) {
        String layers =
                branch.origin().layers().stream().map(String::valueOf).collect(Collectors.joining("_", "layers.", "/"));
        return layers + branch.body().kind().graphName();
    }

    /** What a branch reads: the stream through its norm, or the stream itself. */
    private String read(String name, Residual residual, Branch branch) {
        return branch.in()
                .map(norm -> norm(name + "/norm", residual, norm))
                .orElseGet(() -> residual.settled(graph, name));
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
}
