package dev.twofold.ort;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * Times prefill and decoding of models side by side. Every round times each model once, and begins with the next one, so that
 * no slow moment of the machine favours any. Where in memory a model lies decides its speed too, by up to a tenth from the
 * first that is loaded to the last. So all are loaded as often as there are models, each time another first, so that each was
 * in every place; a time is the geometric mean of a round of each loading.
 *
 * @param promptTokens tokens a row of the prompt
 * @param newTokens tokens decoded one by one after it
 * @param batch rows
 * @param rounds timed rounds of each loading, after one that is not; the median counts
 */
public record Benchmark(int promptTokens, int newTokens, int batch, int rounds) {

    /**
     * Speeds count the tokens of all rows.
     *
     * @param exchangeMillisPerToken of a decoded token's time, what a device of several spends exchanging values, waiting
     *     for the others included
     * @param decodeSpeedup against the first model
     */
    public record Speed(
            double prefillTokensPerSecond,
            double decodeTokensPerSecond,
            double firstTokenMillis,
            double exchangeMillisPerToken,
            Speedup decodeSpeedup) {}

    /** Seconds of a round; those of decoding are the median token's, times their number. */
    private record Times(double prefill, double decode, double exchange) {

        static Times mean(List<Times> loadings) {
            return new Times(
                    mean(loadings, Times::prefill), mean(loadings, Times::decode), mean(loadings, Times::exchange));
        }

        private static double mean(List<Times> loadings, ToDoubleFunction<Times> part) {
            return Medians.geometricMean(each(loadings, part));
        }
    }

    /** The speed of each model; a supplier loads it. */
    public List<Speed> run(List<Supplier<ModelSession>> models) {
        List<List<Times>> means = EveryPlace.of(models, this::loaded, Times::mean);
        double[] first = each(means.get(0), Times::decode);
        return means.stream().map(own -> speed(own, first)).toList();
    }

    /** Loads models in this order, and times the rounds of each. */
    private List<List<Times>> loaded(List<Supplier<ModelSession>> models) {
        List<ModelSession> sessions = new ArrayList<>();
        try {
            models.forEach(model -> sessions.add(model.get()));
            return rounds(sessions);
        } finally {
            sessions.forEach(ModelSession::close);
        }
    }

    private List<List<Times>> rounds(List<ModelSession> sessions) {
        List<List<Times>> times = new ArrayList<>();
        for (ModelSession session : sessions) {
            round(session);
            times.add(new ArrayList<>());
        }
        for (int i = 0; i < rounds; i++) {
            for (int turn = 0; turn < sessions.size(); turn++) {
                int model = (i + turn) % sessions.size();
                times.get(model).add(round(sessions.get(model)));
            }
        }
        return times;
    }

    private Speed speed(List<Times> times, double[] first) {
        double prefill = Medians.of(each(times, Times::prefill));
        double decode = Medians.of(each(times, Times::decode));
        double exchange = Medians.of(each(times, Times::exchange));
        return new Speed(
                (double) batch * promptTokens / prefill,
                (double) batch * newTokens / decode,
                prefill * 1000,
                exchange * 1000 / ((double) batch * newTokens),
                Speedup.of(first, each(times, Times::decode)));
    }

    private static double[] each(List<Times> times, ToDoubleFunction<Times> part) {
        return times.stream().mapToDouble(part).toArray();
    }

    private Times round(ModelSession session) {
        long[][] prompt = new long[batch][promptTokens];
        for (int row = 0; row < batch; row++) {
            // Any tokens do: the time does not depend on them.
            Arrays.setAll(prompt[row], i -> 1 + i % 7);
        }
        long start = System.nanoTime();
        ModelSession.Output output = session.run(prompt, Rows.ones(batch, promptTokens), session.emptyCache(batch));
        double prefill = seconds(start);
        double exchanged = session.exchangeSeconds();
        double[] tokens = new double[newTokens];
        long[][] next = new long[batch][1];
        for (int i = 0; i < newTokens; i++) {
            for (int row = 0; row < batch; row++) {
                next[row][0] = 1 + i % 7;
            }
            start = System.nanoTime();
            output = session.run(next, Rows.ones(batch, promptTokens + i + 1), output.cache());
            tokens[i] = seconds(start);
        }
        double exchange = session.exchangeSeconds() - exchanged;
        output.cache().close();
        // What is not a number stays so from there on; how fast it is made is of no use to anybody.
        output.requireFinite(0);
        return new Times(prefill, Medians.of(tokens) * newTokens, exchange);
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
