package dev.twofold.ort;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Times prefill and decoding of models side by side. Where in memory a model lies decides its speed, by up to a tenth from the
 * first that is loaded to the last, and by some hundredths from one time that it is loaded to the next. So a round loads all
 * models as often as there are models, each time another first, so that each is in every place; every loading times each
 * twice, there and back, and lets them write in short turns, so that no slow moment of the machine favours any. A round's time of a model
 * is the geometric mean of all of these.
 *
 * @param promptTokens tokens a row of the prompt
 * @param newTokens tokens decoded one by one after it
 * @param batch rows
 * @param rounds how often all are timed
 */
public record Benchmark(int promptTokens, int newTokens, int batch, int rounds) {

    /** Tokens that a model writes before it is timed. */
    private static final int WARM_UP = 4;

    /** At most so many tokens a model writes before it is another's turn: a slow moment of the machine meets all of them. */
    private static final int TURN = 8;

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

    /** Seconds. */
    private record Times(double prefill, double decode, double exchange) {

        static Times of(TimedText text) {
            return new Times(text.prefill(), text.decode(), text.exchange());
        }

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

    /** Loads models in this order, and times them there and back. */
    private List<Times> loaded(List<Supplier<ModelSession>> models) {
        List<ModelSession> sessions = new ArrayList<>();
        try {
            models.forEach(model -> sessions.add(model.get()));
            timed(sessions, Math.min(newTokens, WARM_UP));
            List<Times> there = timed(sessions, newTokens);
            Collections.reverse(sessions);
            List<Times> back = timed(sessions, newTokens);
            Collections.reverse(back);
            return IntStream.range(0, there.size())
                    .mapToObj(model -> Times.mean(List.of(there.get(model), back.get(model))))
                    .toList();
        } finally {
            sessions.forEach(ModelSession::close);
        }
    }

    /** All models read, one after the other, and then write in turns, there and back. */
    private List<Times> timed(List<ModelSession> sessions, int newTokens) {
        List<TimedText> texts = new ArrayList<>();
        try {
            sessions.forEach(session -> texts.add(new TimedText(session, promptTokens, batch)));
            List<TimedText> turns = new ArrayList<>(texts);
            int rest = newTokens;
            for (int left = (newTokens + TURN - 1) / TURN; left > 0; left--) {
                int tokens = rest / left;
                turns.forEach(text -> text.write(tokens));
                Collections.reverse(turns);
                rest -= tokens;
            }
            return new ArrayList<>(texts.stream().map(Times::of).toList());
        } finally {
            texts.forEach(TimedText::close);
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
}
