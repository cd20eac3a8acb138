package dev.twofold.ort;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Linear;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import dev.twofold.execution.PlainGraphs;
import dev.twofold.execution.PlainGraphs.PlainGraph;
import dev.twofold.measure.Score;
import dev.twofold.measure.TextWindows;
import dev.twofold.ort.HeadChunks.Chunk;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
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
    private final List<Piece> pieces;
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
        this.pieces = pieces(text, engine.lanes());
        this.base = normed(base);
        this.baseSums = sums(this.base);
    }

    /**
     * Windows whose rows are multiplied at once.
     *
     * @param followed the token after each of theirs
     */
    private record Piece(List<Integer> windows, List<Integer> lengths, int[] followed) {

        float[] rows(HiddenStates stream) {
            return stream.joined(windows).windows().get(0);
        }
    }

    private static List<Piece> pieces(TextWindows text, Lanes lanes) {
        List<Integer> windows =
                IntStream.range(0, text.targets().size()).boxed().toList();
        return lanes.batches(windows, Math.max(1, StepEngine.BATCH_TOKENS / text.length())).stream()
                .map(batch -> new Piece(
                        batch,
                        batch.stream()
                                .map(window -> text.targets().get(window).length)
                                .toList(),
                        batch.stream()
                                .flatMapToInt(
                                        window -> Arrays.stream(text.targets().get(window)))
                                .toArray()))
                .toList();
    }

    private int longest() {
        return pieces.stream().mapToInt(piece -> piece.followed().length).max().orElse(1);
    }

    /** What the head multiplies, piece by piece. */
    private HiddenStates normed(HiddenStates stream) {
        int threads = engine.lanes().threads(pieces.size());
        try (PlainModel norm = engine.load(graphs.finalNorm(decoder), "norm", threads)) {
            return states(i -> norm.rows(pieces.get(i).rows(stream), stream.hidden()));
        }
    }

    private HiddenStates states(IntFunction<float[]> piece) {
        return new HiddenStates(
                engine.lanes().map(pieces.size(), piece), decoder.facts().hiddenSize());
    }

    private List<Chunk> chunks(String use, Function<Linear, PlainGraph> graph) {
        return chunks.small(use, longest(), pieces.size(), graph);
    }

    private List<LogitSums> sums(HiddenStates normed) {
        // Loaded before the pieces part, each on a thread of its own.
        List<Chunk> loaded = chunks("sums", rows -> graphs.logitSums(decoder, rows));
        return engine.lanes()
                .map(
                        pieces.size(),
                        i -> LogitSums.of(
                                loaded,
                                normed.windows().get(i),
                                normed.hidden(),
                                pieces.get(i).followed()));
    }

    /** The mean row of the vocabulary under the original's distribution, for each token. */
    private HiddenStates meanRows() {
        if (meanRows == null) {
            meanRows = addedMeanRows();
        }
        return meanRows;
    }

    private HiddenStates addedMeanRows() {
        List<Chunk> loaded = chunks("mean row", rows -> graphs.meanRow(decoder, rows));
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
        return score(
                baseSums,
                baseSums.stream().map(sums -> new double[sums.tokens()]).toList());
    }

    @Override
    public Score score(HiddenStates model) {
        HiddenStates normed = normed(model);
        List<LogitSums> sums = sums(normed);
        List<double[]> gaps = decoder.logitCap().isPresent() ? cappedGaps(normed) : gaps(normed);
        return score(sums, gaps);
    }

    private Score score(List<LogitSums> sums, List<double[]> gaps) {
        return new Score(IntStream.range(0, pieces.size())
                .boxed()
                .flatMap(i -> sums
                        .get(i)
                        .windows(gaps.get(i), baseSums.get(i), pieces.get(i).lengths())
                        .stream())
                .toList());
    }

    private List<double[]> gaps(HiddenStates model) {
        int hidden = base.hidden();
        HiddenStates rows = meanRows();
        return engine.lanes().map(pieces.size(), window -> {
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
        List<Chunk> loaded = chunks("mean gap", rows -> graphs.meanGap(decoder, rows));
        return engine.lanes().map(pieces.size(), window -> {
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
