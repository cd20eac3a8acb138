package dev.twofold.families;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * Angles of rotary positions: pair {@code i} of a head turns by {@code position * perPosition[i]}, and is stretched by
 * {@code factor}.
 */
record Frequencies(double[] perPosition, double factor) {

    /** {@code base^(-2i/width)} for a rotated part of {@code width} elements. */
    static Frequencies plain(double base, int width) {
        return new Frequencies(
                IntStream.range(0, width / 2)
                        .mapToDouble(i -> Math.pow(base, -2.0 * i / width))
                        .toArray(),
                1);
    }

    /** The same, of vectors that are so many times as long. */
    Frequencies stretched(double other) {
        return new Frequencies(perPosition, other);
    }

    /**
     * Scaled as {@code rope_scaling} says. LongRoPE takes its long factors once the sequence is longer than the original
     * context; the others do not depend on it. Dynamic scaling acts past the context only, where no test goes.
     *
     * @param length of the sequence
     */
    Frequencies scaled(JsonNode scaling, JsonNode config, double base, int length) {
        String type = scaling.path("rope_type").asText(scaling.path("type").asText("default"));
        return switch (type) {
            case "default", "dynamic" -> this;
            case "linear" -> each(i -> perPosition[i] / scaling.get("factor").asDouble());
            case "llama3" -> llama3(scaling);
            case "longrope" -> longRope(scaling, config, length);
            case "yarn" -> yarn(scaling, config, base);
            default -> throw new AssertionError("no rotary scaling " + type);
        };
    }

    private Frequencies each(IntToDoubleFunction frequency) {
        return new Frequencies(
                IntStream.range(0, perPosition.length).mapToDouble(frequency).toArray(), factor);
    }

    /** Llama 3.1: long waves are slowed by the factor, short ones kept, those between blended. */
    private Frequencies llama3(JsonNode scaling) {
        double slow = scaling.get("factor").asDouble();
        double original = scaling.get("original_max_position_embeddings").asDouble();
        double low = scaling.get("low_freq_factor").asDouble();
        double high = scaling.get("high_freq_factor").asDouble();
        return each(i -> {
            double turns = original * perPosition[i] / (2 * Math.PI);
            double kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
            return perPosition[i] * (kept + (1 - kept) / slow);
        });
    }

    /** LongRoPE, arXiv 2402.13753, as Phi-3 has it: a divisor for each pair, and longer vectors. */
    private Frequencies longRope(JsonNode scaling, JsonNode config, int length) {
        String before = "original_max_position_embeddings";
        double original = (config.has(before) ? config : scaling).get(before).asDouble();
        double stretch = scaling.path("factor")
                .asDouble(config.get("max_position_embeddings").asDouble() / original);
        JsonNode divisors = scaling.get(length > original ? "long_factor" : "short_factor");
        double longer = stretch <= 1 ? 1 : Math.sqrt(1 + Math.log(stretch) / Math.log(original));
        return new Frequencies(each(i -> perPosition[i] / divisors.get(i).asDouble()).perPosition, longer);
    }

    /** YaRN, arXiv 2309.00071: pairs that turn often are kept, those that turn seldom are slowed, linearly between. */
    private Frequencies yarn(JsonNode scaling, JsonNode config, double base) {
        double slow = scaling.get("factor").asDouble();
        double original = scaling.path("original_max_position_embeddings")
                .asDouble(config.get("max_position_embeddings").asDouble());
        int width = 2 * perPosition.length;
        boolean whole = scaling.path("truncate").asBoolean(true);
        double fast = pairTurning(scaling.path("beta_fast").asDouble(32), original, width, base);
        double slowest = pairTurning(scaling.path("beta_slow").asDouble(1), original, width, base);
        double first = Math.max(0, whole ? Math.floor(fast) : fast);
        double last = Math.min(width - 1, whole ? Math.ceil(slowest) : slowest);
        boolean weighed = scaling.path("mscale").isNumber()
                && scaling.path("mscale_all_dim").isNumber();
        double usual = weighed
                ? (0.1 * scaling.get("mscale").asDouble() * Math.log(slow) + 1)
                        / (0.1 * scaling.get("mscale_all_dim").asDouble() * Math.log(slow) + 1)
                : 0.1 * Math.log(slow) + 1;
        double longer = scaling.path("attention_factor").asDouble(usual);
        Frequencies blended = each(i -> {
            double slowed = Math.min(1, Math.max(0, (i - first) / Math.max(last - first, 1e-3)));
            return perPosition[i] * (1 - slowed + slowed / slow);
        });
        return new Frequencies(blended.perPosition, longer);
    }

    /** The pair that turns so often over the original context. */
    private static double pairTurning(double turns, double original, int width, double base) {
        return width * Math.log(original / (turns * 2 * Math.PI)) / (2 * Math.log(base));
    }

    /** Turns the first elements of each head, element i with element i + half of the rotated part. */
    double[][] rotateHalves(double[][] x, int headSize) {
        int half = perPosition.length;
        return rotate(x, headSize, i -> i, i -> i + half);
    }

    /** Turns the first elements of each head, element 2i with element 2i + 1. */
    double[][] rotateNeighbours(double[][] x, int headSize) {
        return rotate(x, headSize, i -> 2 * i, i -> 2 * i + 1);
    }

    private double[][] rotate(double[][] x, int headSize, IntUnaryOperator one, IntUnaryOperator other) {
        double[][] y = new double[x.length][];
        for (int t = 0; t < x.length; t++) {
            y[t] = x[t].clone();
            for (int head = 0; head < y[t].length; head += headSize) {
                for (int i = 0; i < perPosition.length; i++) {
                    int a = head + one.applyAsInt(i);
                    int b = head + other.applyAsInt(i);
                    double cos = factor * Math.cos(t * perPosition[i]);
                    double sin = factor * Math.sin(t * perPosition[i]);
                    y[t][a] = x[t][a] * cos - x[t][b] * sin;
                    y[t][b] = x[t][b] * cos + x[t][a] * sin;
                }
            }
        }
        return y;
    }
}
