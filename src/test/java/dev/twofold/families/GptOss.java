package dev.twofold.families;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Comparator;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * gpt-oss, arXiv 2508.10925: biases everywhere, a window in every second layer, a score {@code s} of each head in the softmax of
 * its attention, and experts {@code F_e(x) = Wd (g sigmoid(a g) (u + 1)) + b} of limited gates {@code g} and projections {@code u},
 * whose outputs lie in turn. The largest scores of the router are probabilities among themselves.
 */
final class GptOss extends Llama {

    GptOss(JsonNode config, Tensors tensors) {
        super(config, tensors);
    }

    @Override
    OptionalInt window(int layer) {
        boolean sliding = config.get("layer_types").get(layer).asText().equals("sliding_attention");
        return sliding ? slidingWindow() : OptionalInt.empty();
    }

    @Override
    Core core(int layer) {
        return super.core(layer).beside(tensors.vector(at(layer, "self_attn.sinks")));
    }

    @Override
    double[][] gated(int layer, double[][] n) {
        double[][] scores = linear(n, at(layer, "mlp.router"));
        double[][] y = new double[n.length][n[0].length];
        for (int t = 0; t < n.length; t++) {
            double[] own = scores[t];
            int[] ranked = IntStream.range(0, own.length)
                    .boxed()
                    .sorted(Comparator.comparingDouble(e -> -own[e]))
                    .mapToInt(e -> e)
                    .toArray();
            int count = count("num_experts_per_tok");
            narrowestChoice = Math.min(narrowestChoice, own[ranked[count - 1]] - own[ranked[count]]);
            double[] shares = Formulas.softmax(
                    Arrays.stream(ranked).limit(count).mapToDouble(e -> own[e]).toArray());
            for (int i = 0; i < count; i++) {
                double[] out = expert(at(layer, "mlp.experts."), ranked[i], n[t]);
                for (int j = 0; j < out.length; j++) {
                    y[t][j] += shares[i] * out[j];
                }
            }
        }
        return y;
    }

    /** Matrices of experts are stored {@code [experts, in, out]}. */
    private double[] expert(String prefix, int number, double[] n) {
        double limit = number("swiglu_limit");
        double[] both = applied(prefix + "gate_up_proj", number, n);
        double[] inner = new double[both.length / 2];
        for (int i = 0; i < inner.length; i++) {
            double gate = Math.min(both[2 * i], limit);
            double up = Math.max(-limit, Math.min(both[2 * i + 1], limit));
            inner[i] = gate / (1 + Math.exp(-number("swiglu_alpha", 1.702) * gate)) * (up + 1);
        }
        return applied(prefix + "down_proj", number, inner);
    }

    private double[] applied(String name, int number, double[] x) {
        double[] y = tensors.matrix(name + "_bias")[number].clone();
        double[][] rows = tensors.rows(name, number * x.length, (number + 1) * x.length);
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < y.length; j++) {
                y[j] += x[i] * rows[i][j];
            }
        }
        return y;
    }
}
