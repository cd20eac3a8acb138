package dev.twofold.graph.plain;

import static dev.twofold.graph.Attributes.integer;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Step;
import dev.twofold.execution.PlainGraphs;
import dev.twofold.graph.GraphBuilder.Dim;
import dev.twofold.graph.proto.TensorProto.DataType;
import java.util.List;

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
    private static final String LOG_SUM = "logSum";
    private static final Dim[] ROWS = {Dim.named("tokens"), Dim.named("hidden")};
    private static final Dim[] A_TOKEN = {Dim.named("tokens"), Dim.of(1)};

    private final boolean fused;

    /** What emitted graphs are compared with. */
    public PlainLowering() {
        this(false);
    }

    private PlainLowering(boolean fused) {
        this.fused = fused;
    }

    /** What is measured with: the same with ONNX Runtime's attention where it takes one, which is faster on a CPU. */
    public static PlainLowering fused() {
        return new PlainLowering(true);
    }

    @Override
    public PlainGraph step(Decoder decoder, Step step, int tokens) {
        PlainBuild build = stream();
        return finish(build, new PlainStep(build, tokens, fused).step(step, X));
    }

    @Override
    public PlainGraph peaks(Decoder decoder, Step step, int tokens) {
        PlainBuild build = stream();
        PlainStep.Watched watched = new PlainStep(build, tokens, fused).watched(step, X);
        int count = watched.peaks().size();
        return build.output(Y, DataType.FLOAT, watched.sum(), STREAM)
                .output(PEAKS, DataType.FLOAT, build.node("Concat", watched.peaks(), integer("axis", 0)), Dim.of(count))
                .finish();
    }

    @Override
    public PlainGraph inner(Decoder decoder, Branch branch, int tokens) {
        PlainBuild build = stream();
        return finish(build, new PlainStep(build, tokens, fused).inner(branch, X));
    }

    @Override
    public PlainGraph choices(Decoder decoder, Step step, int tokens) {
        PlainBuild build = stream();
        return finish(
                build, build.node("Concat", new PlainStep(build, tokens, fused).choices(step, X), integer("axis", -1)));
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
        return finish(build, result, Dim.named("batch"), Dim.named("tokens"), Dim.named("columns"));
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
    public PlainGraph finalNorm(Decoder decoder) {
        PlainBuild build = new PlainBuild().input(X, DataType.FLOAT, ROWS);
        return finish(build, build.norm(X, decoder.finalNorm()), ROWS);
    }

    @Override
    public PlainGraph logitSums(Decoder decoder, Linear rows) {
        PlainBuild build = new PlainBuild().input(X, DataType.FLOAT, ROWS).input(NEXT, DataType.INT64, A_TOKEN);
        new PlainHead(build, decoder, rows)
                .sums(X, NEXT)
                .forEach((sum, value) -> build.output(sum.name(), DataType.FLOAT, value, A_TOKEN));
        return build.finish();
    }

    @Override
    public PlainGraph meanRow(Decoder decoder, Linear rows) {
        PlainBuild build = new PlainBuild().input(X, DataType.FLOAT, ROWS).input(LOG_SUM, DataType.FLOAT, A_TOKEN);
        return finish(build, new PlainHead(build, decoder, rows).meanRow(X, LOG_SUM), ROWS);
    }

    @Override
    public PlainGraph meanGap(Decoder decoder, Linear rows) {
        PlainBuild build = new PlainBuild()
                .input(BASE, DataType.FLOAT, ROWS)
                .input(X, DataType.FLOAT, ROWS)
                .input(LOG_SUM, DataType.FLOAT, A_TOKEN);
        return finish(build, new PlainHead(build, decoder, rows).meanGap(BASE, X, LOG_SUM), A_TOKEN);
    }

    private static PlainGraph finish(PlainBuild build, String result, Dim... shape) {
        return build.output(Y, DataType.FLOAT, result, shape).finish();
    }
}
