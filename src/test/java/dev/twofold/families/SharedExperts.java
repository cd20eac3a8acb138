package dev.twofold.families;

import static dev.twofold.families.Formulas.add;
import static dev.twofold.families.Formulas.softmax;
import static dev.twofold.families.Formulas.times;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Mixtures of experts with one more that every token gets: {@code F(x) = c sum of p_e F_e(x) + g F_s(x)}. Which are chosen
 * is said by {@code p + b}, how much they count by {@code p} alone.
 */
final class SharedExperts {

    private SharedExperts() {}

    /** Sigmoids of its elements. */
    private static double[] sigmoids(double[] scores) {
        return Arrays.stream(scores).map(score -> 1 / (1 + Math.exp(-score))).toArray();
    }

    /**
     * The chosen ones of a layer.
     *
     * @param p scores of each token
     * @param correction b
     */
    private static double[][] chosen(
            Llama model, int layer, double[][] n, double[][] p, double[] correction, Weighing weighing) {
        double[][] y = new double[n.length][n[0].length];
        for (int t = 0; t < n.length; t++) {
            double[] own = p[t];
            int[] ranked = IntStream.range(0, own.length)
                    .boxed()
                    .sorted(Comparator.comparingDouble(e -> -own[e] - correction[e]))
                    .mapToInt(e -> e)
                    .toArray();
            int[] best = Arrays.copyOf(ranked, weighing.count());
            int last = best[best.length - 1];
            int next = ranked[best.length];
            // A score changes at most a quarter as much as what the router says.
            model.narrowestChoice =
                    Math.min(model.narrowestChoice, 4 * (own[last] + correction[last] - own[next] - correction[next]));
            double total = weighing.normed()
                    ? Arrays.stream(best).mapToDouble(e -> own[e]).sum()
                    : 1;
            for (int e : best) {
                double[] out = expert(model, Llama.at(layer, "mlp.experts." + e + "."), new double[][] {n[t]})[0];
                for (int i = 0; i < out.length; i++) {
                    y[t][i] += weighing.scale() * own[e] / total * out[i];
                }
            }
        }
        return y;
    }

    /** How many are chosen, and how much they count. */
    private record Weighing(int count, boolean normed, double scale) {}

    private static double[][] expert(Llama model, String prefix, double[][] n) {
        double[][] gate = model.activated(model.linear(n, prefix + "gate_proj"));
        return model.linear(times(gate, model.linear(n, prefix + "up_proj")), prefix + "down_proj");
    }

    /** Qwen2 MoE, arXiv 2407.10671: a sigmoid says how much the shared expert counts. */
    static final class Qwen2Moe extends Qwen2 {

        Qwen2Moe(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] gated(int layer, double[][] n) {
            for (JsonNode dense : config.path("mlp_only_layers")) {
                if (dense.asInt() == layer) {
                    return super.gated(layer, n);
                }
            }
            double[][] p = eachToken(linear(n, at(layer, "mlp.gate")), Formulas::softmax);
            Weighing weighing = new Weighing(count("num_experts_per_tok"), flag("norm_topk_prob"), 1);
            double[][] y = chosen(this, layer, n, p, new double[p[0].length], weighing);
            double[][] shared = expert(this, at(layer, "mlp.shared_expert."), n);
            double[][] share = eachToken(linear(n, at(layer, "mlp.shared_expert_gate")), SharedExperts::sigmoids);
            for (int t = 0; t < n.length; t++) {
                for (int i = 0; i < shared[t].length; i++) {
                    y[t][i] += share[t][0] * shared[t][i];
                }
            }
            return y;
        }
    }

    /** GLM 4.5, arXiv 2508.06471, and dots.llm1, arXiv 2506.05767: corrected sigmoids choose. */
    static final class Sigmoids extends Qwen2.Qwen3 {

        Sigmoids(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] gated(int layer, double[][] n) {
            if (layer < count("first_k_dense_replace")) {
                return super.gated(layer, n);
            }
            double[][] p = eachToken(linear(n, at(layer, "mlp.gate")), SharedExperts::sigmoids);
            double[] correction = tensors.vector(at(layer, "mlp.gate.e_score_correction_bias"));
            Weighing weighing =
                    new Weighing(count("num_experts_per_tok"), flag("norm_topk_prob"), number("routed_scaling_factor"));
            double[][] y = chosen(this, layer, n, p, correction, weighing);
            return add(y, expert(this, at(layer, "mlp.shared_experts."), n));
        }
    }

    /** Hunyuan's mixture: probabilities choose, and count in shares. */
    static final class HunyuanMoe extends Hunyuan {

        HunyuanMoe(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] gated(int layer, double[][] n) {
            double[][] p = eachToken(linear(n, at(layer, "mlp.gate.wg")), token -> softmax(token));
            Weighing weighing = new Weighing(config.get("moe_topk").get(0).asInt(), true, 1);
            double[][] y = chosen(this, layer, n, p, new double[p[0].length], weighing);
            return add(y, expert(this, at(layer, "mlp.shared_mlp."), n));
        }
    }

    /** ERNIE 4.5 MoE: corrected probabilities choose. */
    static final class Ernie extends Neighbours {

        Ernie(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] gated(int layer, double[][] n) {
            if (layer < count("moe_layer_start_index") || layer > count("moe_layer_end_index")) {
                return super.gated(layer, n);
            }
            double[][] p = eachToken(linear(n, at(layer, "mlp.gate")), token -> softmax(token));
            double[] correction = tensors.matrix(at(layer, "mlp.moe_statics.e_score_correction_bias"))[0];
            double[][] y = chosen(this, layer, n, p, correction, new Weighing(count("moe_k"), true, 1));
            return add(y, expert(this, at(layer, "mlp.shared_experts."), n));
        }
    }
}
