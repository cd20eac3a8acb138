package dev.twofold.graph.plain;

import static dev.twofold.graph.Attributes.integer;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Step;
import dev.twofold.execution.PlainGraphs;
import dev.twofold.graph.GraphBuilder.Dim;
import dev.twofold.graph.proto.TensorProto.DataType;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The definition of a decoder in the smallest standard operators, written apart from the dialects so that a mistake in
 * one is not repeated here: every norm keeps its gain, every projection is a MatMul of its own, attention is softmax
 * over an explicit mask.
 */
public final class PlainLowering implements PlainGraphs {

    private static final String X = "x";
    private static final String Y = "y";
    private static final String BASE = "base";
    private static final String NEXT = "next";
    private static final String PEAKS = "peaks";
    private static final Dim[] STREAM = {Dim.named("batch"), Dim.named("tokens"), Dim.named("hidden")};
    private static final Dim[] ROWS = {Dim.named("tokens"), Dim.named("hidden")};

    @Override
    public PlainGraph step(Decoder decoder, Step step, int tokens) {
        PlainBuild build = stream();
        return finish(build, new PlainStep(build, tokens).step(step, X));
    }

    @Override
    public PlainGraph peaks(Decoder decoder, Step step, int tokens) {
        PlainBuild build = stream();
        PlainStep.Watched watched = new PlainStep(build, tokens).watched(step, X);
        int count = watched.peaks().size();
        return build.output(Y, DataType.FLOAT, watched.sum(), STREAM)
                .output(PEAKS, DataType.FLOAT, build.node("Concat", watched.peaks(), integer("axis", 0)), Dim.of(count))
                .finish();
    }

    @Override
    public PlainGraph inner(Decoder decoder, Branch branch, int tokens) {
        PlainBuild build = stream();
        return finish(build, new PlainStep(build, tokens).inner(branch, X));
    }

    @Override
    public PlainGraph choices(Decoder decoder, Step step, int tokens) {
        PlainBuild build = stream();
        return finish(build, build.node("Concat", new PlainStep(build, tokens).choices(step, X), integer("axis", -1)));
    }

    @Override
    public PlainGraph head(Decoder decoder, Linear rows) {
        PlainBuild build = stream();
        return finish(build, capped(build, decoder, build.linear(build.norm(X, decoder.finalNorm()), rows)));
    }

    private static PlainBuild stream() {
        return new PlainBuild().input(X, DataType.FLOAT, STREAM);
    }

    private static PlainGraph finish(PlainBuild build, String result) {
        return build.output(Y, DataType.FLOAT, result, Dim.named("batch"), Dim.named("tokens"), Dim.named("columns"))
                .finish();
    }

    private static String capped(PlainBuild build, Decoder decoder, String logits) {
        return decoder.logitCap().map(cap -> build.cap(logits, cap)).orElse(logits);
    }

    @Override
    public PlainGraph product() {
        Dim rows = Dim.named("n");
        PlainBuild build = new PlainBuild()
                .input(X, DataType.FLOAT, rows, Dim.named("k"))
                .input(BASE, DataType.FLOAT, rows, Dim.named("m"));
        String product = build.node("Gemm", List.of(X, BASE), integer("transA", 1));
        return build.output(Y, DataType.FLOAT, product, Dim.named("k"), Dim.named("m"))
                .finish();
    }

    @Override
    public PlainGraph multiplication() {
        Dim inner = Dim.named("k");
        PlainBuild build = new PlainBuild()
                .input(X, DataType.DOUBLE, Dim.named("n"), inner)
                .input(BASE, DataType.DOUBLE, inner, Dim.named("m"));
        return build.output(Y, DataType.DOUBLE, build.node("MatMul", X, BASE), Dim.named("n"), Dim.named("m"))
                .finish();
    }

    @Override
    public PlainGraph comparison(Decoder decoder, Linear rows) {
        PlainBuild build = new PlainBuild()
                .input(X, DataType.FLOAT, ROWS)
                .input(BASE, DataType.FLOAT, ROWS)
                .input(NEXT, DataType.INT64, Dim.named("tokens"), Dim.of(1));
        PlainBuild.Normalizer finalNorm = build.normalizer(decoder.finalNorm());
        UnaryOperator<String> table = build.product(rows.weight());
        Optional<String> bias = rows.bias().map(build::feed);
        UnaryOperator<String> logits = stream -> {
            String product = table.apply(finalNorm.apply(stream));
            return capped(
                    build,
                    decoder,
                    bias.map(values -> build.node("Add", product, values)).orElse(product));
        };
        String base = logits.apply(BASE);
        String model = logits.apply(X);
        Map<Comparison, String> results = new EnumMap<>(Comparison.class);
        String likely = build.node("Softmax", List.of(base), integer("axis", -1));
        results.put(Comparison.BASE_LOG_SUM, logSum(build, base));
        results.put(Comparison.LOG_SUM, logSum(build, model));
        String gap = build.node("Mul", likely, build.node("Sub", base, model));
        results.put(Comparison.MEAN_GAP, build.reduce("ReduceSum", gap));
        results.put(Comparison.NEXT, build.node("GatherElements", List.of(model, NEXT), integer("axis", -1)));
        results.put(Comparison.LARGEST, build.reduce("ReduceMax", model));
        results.forEach((comparison, value) ->
                build.output(comparison.name(), DataType.FLOAT, value, Dim.named("tokens"), Dim.of(1)));
        return build.finish();
    }

    /** As what LogSoftmax takes from each logit, because ONNX Runtime is faster at that than at ReduceLogSumExp. */
    private static String logSum(PlainBuild build, String logits) {
        String normalized = build.node("LogSoftmax", List.of(logits), integer("axis", -1));
        return build.node("Sub", build.slice(logits, 0, 1), build.slice(normalized, 0, 1));
    }
}
