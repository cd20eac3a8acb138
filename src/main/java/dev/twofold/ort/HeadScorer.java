package dev.twofold.ort;

import dev.twofold.decoder.Decoder;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import dev.twofold.execution.PlainGraphs;
import dev.twofold.measure.Score;
import dev.twofold.measure.TextWindows;
import dev.twofold.ort.HeadChunks.Chunk;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Scores models beside the original. With b and m the logits of the original and of a model, and p the original's distribution,
 *
 * <pre>
 * KL = sum p (b - m) - log sum exp b + log sum exp m
 * </pre>
 *
 * Logits are products W h, so that the first sum is {@code (sum p W) (h_b - h_m)}: the mean row of the vocabulary under p is computed once,
 * and the original's logits are never needed again. Capped logits are no such products, and are computed for every model.
 */
final class HeadScorer implements DecoderEngine.Head.Scorer {

    private final StepEngine engine;
    private final PlainGraphs graphs;
    private final Decoder decoder;
    private final HeadChunks chunks;
    private final TextWindows text;
    private final HiddenStates base;
    private final List<LogitSums> baseSums;
    private @Nullable HiddenStates meanRows;

    HeadScorer(
            StepEngine engine,
            PlainGraphs graphs,
            Decoder decoder,
            HeadChunks chunks,
            HiddenStates base,
            TextWindows text) {
        this.engine = engine;
        this.graphs = graphs;
        this.decoder = decoder;
        this.chunks = chunks;
        this.text = text;
        this.base = normed(base);
        this.baseSums = sums(this.base);
    }

    private HiddenStates normed(HiddenStates stream) {
        int threads = engine.lanes().threads(text.inputs().size());
        try (PlainModel norm = engine.load(graphs.finalNorm(decoder), "norm", threads)) {
            return states(window -> norm.rows(stream.windows().get(window), stream.hidden()));
        }
    }

    private HiddenStates states(IntFunction<float[]> window) {
        List<float[]> windows = engine.lanes().map(text.inputs().size(), window);
        return new HiddenStates(windows, decoder.facts().hiddenSize());
    }

    private List<LogitSums> sums(HiddenStates normed) {
        // Loaded before the windows part, each on a thread of its own.
        List<Chunk> loaded = chunks.small("sums", text, rows -> graphs.logitSums(decoder, rows));
        return engine.lanes()
                .map(
                        text.inputs().size(),
                        window -> LogitSums.of(
                                loaded,
                                normed.windows().get(window),
                                normed.hidden(),
                                text.targets().get(window)));
    }

    /** The mean row of the vocabulary under the original's distribution, for each token. */
    private HiddenStates meanRows() {
        if (meanRows == null) {
            meanRows = addedMeanRows();
        }
        return meanRows;
    }

    private HiddenStates addedMeanRows() {
        List<Chunk> loaded = chunks.small("mean row", text, rows -> graphs.meanRow(decoder, rows));
        return states(window -> {
            float[] sum = new float[base.windows().get(window).length];
            for (Chunk chunk : loaded) {
                float[] part = chunk.model()
                        .rows(
                                base.windows().get(window),
                                base.hidden(),
                                baseSums.get(window).logSums());
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += part[i];
                }
            }
            return sum;
        });
    }

    @Override
    public Score base() {
        return new Score(baseSums.stream()
                .map(sums -> sums.window(new double[sums.tokens()], sums))
                .toList());
    }

    @Override
    public Score score(HiddenStates model) {
        HiddenStates normed = normed(model);
        List<LogitSums> sums = sums(normed);
        List<double[]> gaps = decoder.logitCap().isPresent() ? cappedGaps(normed) : gaps(normed);
        return new Score(engine.lanes()
                .map(sums.size(), window -> sums.get(window).window(gaps.get(window), baseSums.get(window))));
    }

    private List<double[]> gaps(HiddenStates model) {
        int hidden = base.hidden();
        HiddenStates rows = meanRows();
        return engine.lanes().map(text.inputs().size(), window -> {
            float[] row = rows.windows().get(window);
            float[] original = base.windows().get(window);
            float[] other = model.windows().get(window);
            double[] gaps = new double[base.tokens(window)];
            for (int i = 0; i < row.length; i++) {
                gaps[i / hidden] += (double) row[i] * (original[i] - other[i]);
            }
            return gaps;
        });
    }

    private List<double[]> cappedGaps(HiddenStates model) {
        List<Chunk> loaded = chunks.small("mean gap", text, rows -> graphs.meanGap(decoder, rows));
        return engine.lanes().map(text.inputs().size(), window -> {
            double[] gaps = new double[base.tokens(window)];
            for (Chunk chunk : loaded) {
                float[] part = chunk.model()
                        .gaps(
                                base.windows().get(window),
                                model.windows().get(window),
                                base.hidden(),
                                baseSums.get(window).logSums());
                for (int token = 0; token < gaps.length; token++) {
                    gaps[token] += part[token];
                }
            }
            return gaps;
        });
    }
}
