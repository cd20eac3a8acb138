package dev.twofold.ort;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Linear;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import dev.twofold.execution.PlainGraphs;
import dev.twofold.execution.PlainGraphs.Comparison;
import dev.twofold.execution.PlainGraphs.PlainGraph;
import dev.twofold.measure.Score;
import dev.twofold.measure.TextWindows;
import dev.twofold.weight.Weight;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** A head in chunks of rows of the vocabulary, because a Java buffer ends at 2 GiB. Weights are loaded on first use. */
final class ChunkedHead implements DecoderEngine.Head {

    /** Bytes of a chunk's rows in float32, if one row is not larger. */
    static final long CHUNK_BYTES = 256L << 20;

    private final StepEngine engine;
    private final PlainGraphs graphs;
    private final Decoder decoder;
    private final int vocabulary;
    private final long chunkBytes;
    private final String slot;
    private final Runnable closed;
    private final Map<String, List<Chunk>> loaded = new HashMap<>();

    ChunkedHead(StepEngine engine, PlainGraphs graphs, Decoder decoder, long chunkBytes) {
        this(engine, graphs, decoder, chunkBytes, 0, () -> {});
    }

    /**
     * @param number that no other open head of the engine has
     * @param closed is told when this head gives the number back
     */
    ChunkedHead(StepEngine engine, PlainGraphs graphs, Decoder decoder, long chunkBytes, int number, Runnable closed) {
        this.slot = "head " + number + " ";
        this.closed = closed;
        this.engine = engine;
        this.graphs = graphs;
        this.decoder = decoder;
        this.vocabulary = decoder.facts().vocabularySize();
        this.chunkBytes = chunkBytes;
    }

    /** Rows {@code from} to {@code to - 1} of the vocabulary. */
    private record Chunk(int from, int to, PlainModel model) {}

    private List<Chunk> chunks(String use, int threads, Function<Linear, PlainGraph> graph) {
        return loaded.computeIfAbsent(use, key -> {
            Weight table = decoder.head().weight();
            int size = Math.toIntExact(
                    Math.max(1, chunkBytes / (Float.BYTES * table.shape().dim(1))));
            List<Chunk> chunks = new ArrayList<>();
            for (int from = 0; from < vocabulary; from += size) {
                int to = Math.min(vocabulary, from + size);
                PlainGraph lowered = graph.apply(decoder.head().rows(from, to));
                chunks.add(new Chunk(from, to, engine.load(lowered, slot + key + from, threads)));
            }
            return chunks;
        });
    }

    @Override
    public float[] logits(HiddenStates states, int window) {
        int tokens = states.tokens(window);
        float[] logits = new float[tokens * vocabulary];
        for (Chunk chunk : chunks("logits", Lanes.allThreads(), rows -> graphs.head(decoder, rows))) {
            float[] part = chunk.model().run(states.windows().get(window), states.hidden());
            int width = chunk.to() - chunk.from();
            for (int token = 0; token < tokens; token++) {
                System.arraycopy(part, token * width, logits, token * vocabulary + chunk.from(), width);
            }
        }
        return logits;
    }

    @Override
    public Score score(HiddenStates base, HiddenStates model, TextWindows text) {
        // Loaded before the windows part, each on a thread of its own.
        comparisons();
        return new Score(engine.lanes()
                .map(
                        text.inputs().size(),
                        window -> score(
                                base.windows().get(window),
                                model.windows().get(window),
                                model.hidden(),
                                text.targets().get(window))));
    }

    private List<Chunk> comparisons() {
        return chunks("compare", engine.lanes().threads(), rows -> graphs.comparison(decoder, rows));
    }

    private Score.Window score(float[] base, float[] model, int hidden, int[] next) {
        TokenSums sums = new TokenSums(next.length);
        for (Chunk chunk : comparisons()) {
            long[] rows = new long[next.length];
            for (int token = 0; token < next.length; token++) {
                // A token of another chunk reads any row of this one, and its value is left out.
                rows[token] = Math.min(Math.max(next[token], chunk.from()), chunk.to() - 1) - chunk.from();
            }
            List<float[]> values = chunk.model().compare(base, model, hidden, rows);
            for (int token = 0; token < next.length; token++) {
                boolean here = next[token] >= chunk.from() && next[token] < chunk.to();
                sums.add(token, values, here);
            }
        }
        return sums.window();
    }

    /** What the chunks of each token come to. Log-sums are joined in float64. */
    private static final class TokenSums {
        private final double[] baseLogSum;
        private final double[] logSum;
        private final double[] gap;
        private final double[] next;
        private final double[] largest;

        TokenSums(int tokens) {
            baseLogSum = new double[tokens];
            logSum = new double[tokens];
            gap = new double[tokens];
            next = new double[tokens];
            largest = new double[tokens];
            Arrays.fill(baseLogSum, Double.NEGATIVE_INFINITY);
            Arrays.fill(logSum, Double.NEGATIVE_INFINITY);
            Arrays.fill(largest, Double.NEGATIVE_INFINITY);
        }

        void add(int token, List<float[]> values, boolean nextIsHere) {
            double chunkBase = values.get(Comparison.BASE_LOG_SUM.ordinal())[token];
            double joined = join(baseLogSum[token], chunkBase);
            double chunkGap = values.get(Comparison.MEAN_GAP.ordinal())[token];
            gap[token] = gap[token] * Math.exp(baseLogSum[token] - joined) + chunkGap * Math.exp(chunkBase - joined);
            baseLogSum[token] = joined;
            logSum[token] = join(logSum[token], values.get(Comparison.LOG_SUM.ordinal())[token]);
            largest[token] = Math.max(largest[token], values.get(Comparison.LARGEST.ordinal())[token]);
            if (nextIsHere) {
                next[token] = values.get(Comparison.NEXT.ordinal())[token];
            }
        }

        private static double join(double a, double b) {
            double larger = Math.max(a, b);
            return larger + Math.log1p(Math.exp(Math.min(a, b) - larger));
        }

        Score.Window window() {
            double loss = 0;
            double kl = 0;
            int right = 0;
            for (int token = 0; token < next.length; token++) {
                loss += logSum[token] - next[token];
                kl += Math.max(0, gap[token] - baseLogSum[token] + logSum[token]);
                right += next[token] == largest[token] ? 1 : 0;
            }
            return new Score.Window(next.length, loss, kl, right);
        }
    }

    @Override
    public void close() {
        loaded.values().forEach(chunks -> chunks.forEach(chunk -> chunk.model().close()));
        closed.run();
    }
}
