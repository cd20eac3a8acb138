package dev.twofold.families;

import static dev.twofold.families.Formulas.dot;
import static dev.twofold.families.Formulas.softmax;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;

/** The definition of a model family: what each half of a layer adds to the stream, and the two ends. */
abstract class Family {

    final JsonNode config;
    final Tensors tensors;

    /** How far, in router scores, the last expert chosen for a token was from the next: the smallest so far. */
    double narrowestChoice = Double.POSITIVE_INFINITY;

    Family(JsonNode config, Tensors tensors) {
        this.config = config;
        this.tensors = tensors;
    }

    /** The stream before the first layer. */
    abstract double[][] embed(int[] tokens);

    /** What the attention of a layer adds to the stream {@code x}, with its norms. */
    abstract double[][] attention(int layer, double[][] x);

    /** What the feed-forward of a layer adds to the stream {@code x}, with its norms. */
    abstract double[][] feedForward(int layer, double[][] x);

    /** The logits of the stream after the last layer, {@code [tokens][vocabulary]}. */
    abstract double[][] head(double[][] x);

    /** Whether both halves of a layer read the stream before it. */
    boolean parallelResidual() {
        return false;
    }

    double number(String key) {
        JsonNode value = config.get(key);
        if (value == null || !value.isNumber()) {
            throw new AssertionError("config.json has no number " + key);
        }
        return value.doubleValue();
    }

    double number(String key, double otherwise) {
        return config.path(key).isNumber() ? number(key) : otherwise;
    }

    int count(String key) {
        return (int) number(key);
    }

    boolean flag(String key) {
        return config.path(key).asBoolean();
    }

    /** A linear layer by its name, with its bias if it has one. */
    double[][] linear(double[][] x, String name) {
        return Formulas.linear(x, tensors.matrix(name + ".weight"), tensors.vectorIfAny(name + ".bias"));
    }

    double[][] lookUp(int[] tokens, String table) {
        double[][] rows = tensors.matrix(table);
        return Arrays.stream(tokens).mapToObj(token -> rows[token].clone()).toArray(double[][]::new);
    }

    static double[][] eachToken(double[][] x, UnaryOperator<double[]> function) {
        return Arrays.stream(x).map(function).toArray(double[][]::new);
    }

    /** Applies the function of each head to its part of each token. */
    static double[][] eachHead(double[][] x, int headSize, IntFunction<UnaryOperator<double[]>> ofHead) {
        return eachToken(x, token -> {
            double[] result = new double[token.length];
            for (int head = 0; head < token.length / headSize; head++) {
                double[] part = Arrays.copyOfRange(token, head * headSize, (head + 1) * headSize);
                System.arraycopy(ofHead.apply(head).apply(part), 0, result, head * headSize, headSize);
            }
            return result;
        });
    }

    /** What the score of a query with a key gets besides, by their positions. */
    interface Bias {
        double at(int head, int query, int key);
    }

    /**
     * Causal attention, {@code softmax(scale q k) v}.
     *
     * @param window a token sees itself and {@code window - 1} tokens before it; empty for all
     * @param chunk a token sees those from the last multiple of this on; empty for all
     * @param softCap scores are {@code softCap * tanh(score / softCap)}; infinite for none
     * @param sinks a score of each head that takes part in its softmax; none if it is empty
     * @param bias what is added to scores
     */
    record Core(
            int headSize,
            double scale,
            OptionalInt window,
            OptionalInt chunk,
            double softCap,
            double[] sinks,
            Bias bias) {

        static Core of(int headSize) {
            return new Core(
                    headSize,
                    1 / Math.sqrt(headSize),
                    OptionalInt.empty(),
                    OptionalInt.empty(),
                    Double.POSITIVE_INFINITY,
                    new double[0],
                    (head, query, key) -> 0);
        }

        Core scaled(double other) {
            return new Core(headSize, other, window, chunk, softCap, sinks, bias);
        }

        Core windowed(OptionalInt other) {
            return new Core(headSize, scale, other, chunk, softCap, sinks, bias);
        }

        Core chunked(OptionalInt other) {
            return new Core(headSize, scale, window, other, softCap, sinks, bias);
        }

        Core capped(double other) {
            return new Core(headSize, scale, window, chunk, other, sinks, bias);
        }

        Core beside(double[] other) {
            return new Core(headSize, scale, window, chunk, softCap, other, bias);
        }

        Core biased(Bias other) {
            return new Core(headSize, scale, window, chunk, softCap, sinks, other);
        }

        /** Query heads share key heads in equal runs. */
        double[][] attend(double[][] q, double[][] k, double[][] v) {
            int shared = q[0].length / k[0].length;
            double[][] mixed = new double[q.length][q[0].length];
            for (int head = 0; head < q[0].length / headSize; head++) {
                for (int t = 0; t < q.length; t++) {
                    mix(part(q[t], head), head, shared, t, k, v, mixed[t]);
                }
            }
            return mixed;
        }

        private void mix(double[] query, int head, int shared, int t, double[][] k, double[][] v, double[] out) {
            int kvHead = head / shared;
            int at = head * headSize;
            int back = window.isPresent() ? Math.max(0, t - window.getAsInt() + 1) : 0;
            int first = chunk.isPresent() ? Math.max(back, t - t % chunk.getAsInt()) : back;
            double[] scores = new double[t - first + 1 + (sinks.length == 0 ? 0 : 1)];
            if (sinks.length > 0) {
                scores[t - first + 1] = sinks[head];
            }
            for (int s = first; s <= t; s++) {
                double score = scale * dot(query, part(k[s], kvHead));
                double capped = Double.isInfinite(softCap) ? score : softCap * Math.tanh(score / softCap);
                scores[s - first] = capped + bias.at(head, t, s);
            }
            double[] weights = softmax(scores);
            for (int s = first; s <= t; s++) {
                double[] value = part(v[s], kvHead);
                for (int i = 0; i < headSize; i++) {
                    out[at + i] += weights[s - first] * value[i];
                }
            }
        }

        private double[] part(double[] token, int head) {
            return Arrays.copyOfRange(token, head * headSize, (head + 1) * headSize);
        }
    }
}
