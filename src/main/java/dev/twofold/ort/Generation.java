package dev.twofold.ort;

import java.util.Arrays;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import java.util.random.RandomGenerator;

/**
 * Generates tokens one by one with a KV cache.
 *
 * @param temperature 0 for the likeliest token; otherwise logits are divided by it and a token is drawn
 * @param seed of the draws
 * @param stop tokens that end the text
 */
public record Generation(double temperature, long seed, Set<Integer> stop) {

    /** Tokens of the prompt that are run at a time: a model returns the logits of each, and only the last are wanted. */
    private static final int CHUNK = 256;

    public Generation {
        stop = Set.copyOf(stop);
    }

    /** Why generation ended. */
    public enum End {
        STOP_TOKEN,
        LIMIT,
        CANCELLED
    }

    /**
     * @param prompt at least one token
     * @param limit new tokens at most
     * @param sink receives each new token but a stop token; returns false to end
     */
    public End run(ModelSession session, int[] prompt, int limit, IntPredicate sink) {
        // One of Java's core: others are in a module that a small Java may lack.
        RandomGenerator random = new SplittableRandom(seed);
        int read = Math.max(0, (prompt.length - 1) / CHUNK * CHUNK);
        long[][] ids = Rows.of(prompt, read, prompt.length);
        KvCache cache = session.emptyCache(1);
        try {
            for (int from = 0; from < read; from += CHUNK) {
                cache = session.run(Rows.of(prompt, from, from + CHUNK), Rows.ones(1, from + CHUNK), cache)
                        .cache();
            }
            int length = prompt.length;
            for (int made = 0; made < limit; made++) {
                ModelSession.Output output = session.run(ids, Rows.ones(1, length), cache);
                cache = output.cache();
                int token = next(output, random);
                if (stop.contains(token)) {
                    return End.STOP_TOKEN;
                }
                if (!sink.test(token)) {
                    return End.CANCELLED;
                }
                ids = new long[][] {{token}};
                length++;
            }
            return End.LIMIT;
        } finally {
            cache.close();
        }
    }

    private int next(ModelSession.Output output, RandomGenerator random) {
        int from = output.logits().length - output.vocabulary();
        output.requireFinite(from);
        if (temperature == 0) {
            return Distribution.argmax(output.logits(), from, output.vocabulary());
        }
        float[] logits = Arrays.copyOfRange(output.logits(), from, output.logits().length);
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) (logits[i] / temperature);
        }
        double norm = Distribution.logSumExp(logits, 0, logits.length);
        double left = random.nextDouble();
        for (int i = 0; i < logits.length; i++) {
            left -= Math.exp(logits[i] - norm);
            if (left < 0) {
                return i;
            }
        }
        return Distribution.argmax(logits, 0, logits.length);
    }
}
