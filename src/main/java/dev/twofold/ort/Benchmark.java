package dev.twofold.ort;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * Times prefill and decoding of models side by side. Where in memory a model lies decides its speed, by up to a tenth from the
 * first that is loaded to the last, and by some hundredths from one time that it is loaded to the next. So a round loads all
 * models as often as there are models, each time another first, so that each is in every place; every loading times each
 * twice, there and back, so that no slow moment of the machine favours any. A round's time of a model is the geometric mean
 * of all of these.
 *
 * @param promptTokens tokens a row of the prompt
 * @param newTokens tokens decoded one by one after it
 * @param batch rows
 * @param rounds the median counts
 */
public record Benchmark(int promptTokens, int newTokens, int batch, int rounds) {

    /** Tokens that a model writes before it is timed. */
    private static final int WARM_UP = 4;

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

    /** Seconds; those of decoding are the median token's, times their number. */
    private record Times(double prefill, double decode, double exchange) {

        static Times mean(List<Times> times) {
            return new Times(mean(times, Times::prefill), mean(times, Times::decode), mean(times, Times::exchange));
        }

        private static double mean(List<Times> times, ToDoubleFunction<Times> part) {
            return Medians.geometricMean(each(times, part));
        }
    }

    /** The speed of each model; a supplier loads it. */
    public List<Speed> run(List<Supplier<ModelSession>> models) {
        List<List<Times>> times = models.stream()
                .map(model -> (List<Times>) new ArrayList<Times>())
                .toList();
        for (int round = 0; round < rounds; round++) {
            List<Times> means = EveryPlace.of(models, this::loaded, Times::mean);
            for (int model = 0; model < models.size(); model++) {
                times.get(model).add(means.get(model));
            }
        }
        double[] first = each(times.get(0), Times::decode);
        return times.stream().map(own -> speed(own, first)).toList();
    }

    /** Loads models in this order, and times each there and back. */
    private List<Times> loaded(List<Supplier<ModelSession>> models) {
        List<ModelSession> sessions = new ArrayList<>();
        try {
            models.forEach(model -> sessions.add(model.get()));
            sessions.forEach(session -> timed(session, Math.min(newTokens, WARM_UP)));
            List<Times> there = new ArrayList<>();
            sessions.forEach(session -> there.add(timed(session, newTokens)));
            List<Times> both = new ArrayList<>(there);
            for (int model = sessions.size() - 1; model >= 0; model--) {
                both.set(model, Times.mean(List.of(there.get(model), timed(sessions.get(model), newTokens))));
            }
            return both;
        } finally {
            sessions.forEach(ModelSession::close);
        }
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

    private Times timed(ModelSession session, int newTokens) {
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
