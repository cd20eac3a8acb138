package dev.twofold.ort;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Times prefill and decoding.
 *
 * @param promptTokens tokens a row of the prompt
 * @param newTokens tokens decoded one by one after it
 * @param batch rows
 * @param rounds timed rounds, after one that is not; the median counts
 */
public record Benchmark(int promptTokens, int newTokens, int batch, int rounds) {

    /**
     * Speeds count the tokens of all rows.
     *
     * @param exchangeMillisPerToken of a decoded token's time, what a device of several spends exchanging values, waiting
     *     for the others included
     */
    public record Speed(
            double prefillTokensPerSecond,
            double decodeTokensPerSecond,
            double firstTokenMillis,
            double exchangeMillisPerToken) {}

    /** Seconds. */
    private record Times(double prefill, double decode, double exchange) {}

    /** The speed of each model; rounds alternate between them, so that a slow moment of the machine hits all alike. */
    public List<Speed> run(List<ModelSession> sessions) {
        List<List<Times>> times = new ArrayList<>();
        for (ModelSession session : sessions) {
            round(session);
            times.add(new ArrayList<>());
        }
        for (int i = 0; i < rounds; i++) {
            for (int m = 0; m < sessions.size(); m++) {
                times.get(m).add(round(sessions.get(m)));
            }
        }
        return times.stream().map(this::speed).toList();
    }

    private Speed speed(List<Times> times) {
        double prefill = median(times.stream().mapToDouble(Times::prefill).toArray());
        double decode = median(times.stream().mapToDouble(Times::decode).toArray());
        double exchange = median(times.stream().mapToDouble(Times::exchange).toArray());
        return new Speed(
                (double) batch * promptTokens / prefill,
                (double) batch * newTokens / decode,
                prefill * 1000,
                exchange * 1000 / ((double) batch * newTokens));
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        int middle = values.length / 2;
        return values.length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }

    private Times round(ModelSession session) {
        long[][] prompt = new long[batch][promptTokens];
        for (int row = 0; row < batch; row++) {
            // Any tokens do: the time does not depend on them.
            Arrays.setAll(prompt[row], i -> 1 + i % 7);
        }
        long start = System.nanoTime();
        ModelSession.Output output = session.run(prompt, Rows.ones(batch, promptTokens), session.emptyCache(batch));
        long prefilled = System.nanoTime();
        double exchanged = session.exchangeSeconds();
        long[][] next = new long[batch][1];
        for (int i = 0; i < newTokens; i++) {
            for (int row = 0; row < batch; row++) {
                next[row][0] = 1 + i % 7;
            }
            output = session.run(next, Rows.ones(batch, promptTokens + i + 1), output.cache());
        }
        long decoded = System.nanoTime();
        output.cache().close();
        // What is not a number stays so from there on; how fast it is made is of no use to anybody.
        output.requireFinite(0);
        return new Times((prefilled - start) / 1e9, (decoded - prefilled) / 1e9, session.exchangeSeconds() - exchanged);
    }
}
