package dev.twofold.graph.plain;

import static dev.twofold.graph.Attributes.integer;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Linear;
import dev.twofold.execution.PlainGraphs.LogitSum;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Some rows of the vocabulary, in a graph that reads them more than once. */
final class PlainHead {

    private final PlainBuild build;
    /** {@code [rows, hidden]}, as it is stored. */
    private final String table;

    private final Optional<String> bias;
    private final Optional<Double> cap;

    PlainHead(PlainBuild build, Decoder decoder, Linear rows) {
        this.build = build;
        this.table = build.feed(rows.weight());
        this.bias = rows.bias().map(build::feed);
        this.cap = decoder.logitCap();
    }

    /** @param x {@code [tokens, hidden]} */
    String logits(String x) {
        String product = build.node("Gemm", List.of(x, table), integer("transB", 1));
        String biased = bias.map(values -> build.node("Add", product, values)).orElse(product);
        return cap.map(value -> build.cap(biased, value)).orElse(biased);
    }

    /** Outputs of {@link LogitSum}. */
    Map<LogitSum, String> sums(String x, String next) {
        String logits = logits(x);
        Map<LogitSum, String> sums = new EnumMap<>(LogitSum.class);
        sums.put(LogitSum.LOG_SUM, logSum(logits));
        sums.put(LogitSum.NEXT, build.node("GatherElements", List.of(logits, next), integer("axis", -1)));
        sums.put(LogitSum.LARGEST, build.reduce("ReduceMax", logits));
        return sums;
    }

    /** As what LogSoftmax takes from each logit, because ONNX Runtime is faster at that than at ReduceLogSumExp. */
    private String logSum(String logits) {
        String normalized = build.node("LogSoftmax", List.of(logits), integer("axis", -1));
        return build.node("Sub", build.slice(logits, 0, 1), build.slice(normalized, 0, 1));
    }

    /** The mean of the rows under {@code x}'s distribution over all of them. */
    String meanRow(String x, String logSum) {
        return build.node("MatMul", shares(logits(x), logSum), table);
    }

    /** The mean of {@code base}'s logits less {@code x}'s under {@code base}'s distribution over all rows. */
    String meanGap(String base, String x, String logSum) {
        String logits = logits(base);
        String gap = build.node("Sub", logits, logits(x));
        return build.reduce("ReduceSum", build.node("Mul", shares(logits, logSum), gap));
    }

    private String shares(String logits, String logSum) {
        return build.node("Exp", build.node("Sub", logits, logSum));
    }
}
