package dev.twofold.ort;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A text that a model reads and then writes, a few tokens at a time, with the time that each part takes. */
final class TimedText implements AutoCloseable {

    private final ModelSession session;
    private final int promptTokens;
    private final int batch;
    private final double prefill;
    private final double exchangedBefore;
    private final List<Double> tokenSeconds = new ArrayList<>();
    private KvCache cache;
    private int written;

    /** Reads a prompt in every row of a batch. */
    TimedText(ModelSession session, int promptTokens, int batch) {
        this.session = session;
        this.promptTokens = promptTokens;
        this.batch = batch;
        long[][] prompt = new long[batch][promptTokens];
        for (long[] row : prompt) {
            Arrays.setAll(row, TimedText::token);
        }
        long start = System.nanoTime();
        cache = session.run(prompt, Rows.ones(batch, promptTokens), session.emptyCache(batch))
                .cache();
        prefill = seconds(start);
        exchangedBefore = session.exchangeSeconds();
    }

    /** Any tokens do: the time does not depend on them. */
    private static long token(int position) {
        return 1 + position % 7;
    }

    /**
     * Writes some tokens; their time is that of the median one.
     *
     * @param tokens one or more
     */
    void write(int tokens) {
        double[] seconds = new double[tokens];
        long[][] next = new long[batch][1];
        for (int i = 0; i < tokens; i++) {
            for (long[] row : next) {
                row[0] = token(written);
            }
            written++;
            long start = System.nanoTime();
            ModelSession.Output output = session.run(next, Rows.ones(batch, promptTokens + written), cache);
            seconds[i] = seconds(start);
            cache = output.cache();
            // How fast something else is made is of no use to anybody.
            output.requireFinite(0);
        }
        tokenSeconds.add(Medians.of(seconds));
    }

    /** What reading took, in seconds. */
    double prefill() {
        return prefill;
    }

    /** What all tokens took that were written, in seconds. */
    double decode() {
        return written
                * Medians.geometricMean(
                        tokenSeconds.stream().mapToDouble(Double::doubleValue).toArray());
    }

    /** What of that went into exchanging values between devices. */
    double exchange() {
        return session.exchangeSeconds() - exchangedBefore;
    }

    @Override
    public void close() {
        cache.close();
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
