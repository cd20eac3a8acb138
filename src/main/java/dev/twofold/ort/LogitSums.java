package dev.twofold.ort;

import dev.twofold.execution.PlainGraphs.LogitSum;
import dev.twofold.measure.Score;
import dev.twofold.ort.HeadChunks.Chunk;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What the logits of some windows come to, by token.
 *
 * @param logSum logarithm of the sum of their exponentials, joined from the chunks in float64
 * @param next of the token that followed
 * @param largest of all
 */
record LogitSums(double[] logSum, double[] next, double[] largest) {

    /**
     * @param normed what the head multiplies, {@code [tokens, hidden]}
     * @param followed the token after each
     */
    static LogitSums of(List<Chunk> chunks, float[] normed, int hidden, int[] followed) {
        LogitSums sums = new LogitSums(none(followed), new double[followed.length], none(followed));
        for (Chunk chunk : chunks) {
            long[] rows = new long[followed.length];
            for (int token = 0; token < followed.length; token++) {
                // A token of another chunk reads any row of this one, and its value is left out.
                rows[token] = Math.min(Math.max(followed[token], chunk.from()), chunk.to() - 1) - chunk.from();
            }
            sums.add(chunk, chunk.model().sums(normed, hidden, rows), followed);
        }
        return sums;
    }

    private static double[] none(int[] followed) {
        double[] values = new double[followed.length];
        Arrays.fill(values, Double.NEGATIVE_INFINITY);
        return values;
    }

    private void add(Chunk chunk, List<float[]> values, int[] followed) {
        for (int token = 0; token < followed.length; token++) {
            logSum[token] = join(logSum[token], values.get(LogitSum.LOG_SUM.ordinal())[token]);
            largest[token] = Math.max(largest[token], values.get(LogitSum.LARGEST.ordinal())[token]);
            if (followed[token] >= chunk.from() && followed[token] < chunk.to()) {
                next[token] = values.get(LogitSum.NEXT.ordinal())[token];
            }
        }
    }

    private static double join(double a, double b) {
        double larger = Math.max(a, b);
        return larger + Math.log1p(Math.exp(Math.min(a, b) - larger));
    }

    int tokens() {
        return logSum.length;
    }

    float[] logSums() {
        float[] values = new float[logSum.length];
        for (int token = 0; token < values.length; token++) {
            values[token] = (float) logSum[token];
        }
        return values;
    }

    /**
     * The scores of the model whose logits these are, of each window that the tokens are of.
     *
     * @param gap how far they are below the original's, in the mean under its distribution, by token
     * @param base the original's
     * @param lengths of the windows
     */
    List<Score.Window> windows(double[] gap, LogitSums base, List<Integer> lengths) {
        List<Score.Window> windows = new ArrayList<>();
        int from = 0;
        for (int length : lengths) {
            windows.add(window(gap, base, from, from + length));
            from += length;
        }
        return windows;
    }

    private Score.Window window(double[] gap, LogitSums base, int from, int to) {
        double loss = 0;
        double kl = 0;
        int right = 0;
        for (int token = from; token < to; token++) {
            loss += logSum[token] - next[token];
            kl += Math.max(0, gap[token] - base.logSum[token] + logSum[token]);
            right += next[token] == largest[token] ? 1 : 0;
        }
        return new Score.Window(to - from, loss, kl, right);
    }
}
