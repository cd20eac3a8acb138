package dev.twofold.families;

import static dev.twofold.families.Formulas.softmax;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Comparator;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;

/**
 * A mixture of experts: {@code F(x) = sum of p_e F_e(n(x))} over the experts whose router probabilities p are largest.
 */
final class Experts {

    private Experts() {}

    /** A gated feed-forward's matrices, each by its name. */
    record Gated(String gate, String up, String down) {

        double[][] of(Llama model, double[][] n) {
            return model.linear(Formulas.times(model.activated(model.linear(n, gate)), model.linear(n, up)), down);
        }
    }

    private static double[][] mixture(
            Llama model, double[][] n, String router, IntFunction<Gated> expert, boolean normed) {
        double[][] scores = model.linear(n, router);
        double[][] y = new double[n.length][];
        for (int t = 0; t < n.length; t++) {
            y[t] = mixture(model, n[t], softmax(scores[t]), expert, normed);
        }
        return y;
    }

    private static double[] mixture(Llama model, double[] n, double[] p, IntFunction<Gated> expert, boolean normed) {
        int[] chosen = chosen(model, p);
        double total = normed ? Arrays.stream(chosen).mapToDouble(e -> p[e]).sum() : 1;
        double[] y = new double[n.length];
        for (int e : chosen) {
            double[] out = expert.apply(e).of(model, new double[][] {n})[0];
            for (int i = 0; i < y.length; i++) {
                y[i] += p[e] / total * out[i];
            }
        }
        return y;
    }

    private static int[] chosen(Llama model, double[] p) {
        int[] ranked = IntStream.range(0, p.length)
                .boxed()
                .sorted(Comparator.comparingDouble(e -> -p[e]))
                .mapToInt(e -> e)
                .toArray();
        int[] chosen = Arrays.copyOf(ranked, model.count("num_experts_per_tok"));
        double last = p[ranked[chosen.length - 1]];
        model.narrowestChoice = Math.min(model.narrowestChoice, Math.log(last / p[ranked[chosen.length]]));
        return chosen;
    }

    static IntFunction<Gated> mlpExperts(int layer) {
        return e -> projections(Llama.at(layer, "mlp.experts." + e + "."));
    }

    static Gated projections(String prefix) {
        return new Gated(prefix + "gate_proj", prefix + "up_proj", prefix + "down_proj");
    }

    /** As Mixtral calls them. */
    static IntFunction<Gated> numberedExperts(int layer) {
        return e -> {
            String prefix = Llama.at(layer, "block_sparse_moe.experts." + e + ".");
            return new Gated(prefix + "w1", prefix + "w3", prefix + "w2");
        };
    }

    /** Qwen3-MoE, arXiv 2505.09388: Qwen3's attention; the chosen probabilities are normed to 1 if so configured. */
    static final class Qwen3Moe extends Qwen2.Qwen3 {

        Qwen3Moe(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] gated(int layer, double[][] n) {
            if ((layer + 1) % count("decoder_sparse_step") != 0 || listed("mlp_only_layers", layer)) {
                return super.gated(layer, n);
            }
            return mixture(this, n, at(layer, "mlp.gate"), mlpExperts(layer), flag("norm_topk_prob"));
        }

        private boolean listed(String key, int layer) {
            return StreamSupport.stream(config.path(key).spliterator(), false)
                    .anyMatch(number -> number.asInt() == layer);
        }
    }

    /** Granite 3 MoE: all experts of a layer in two tensors, gate and up in one. */
    static class GraniteMoe extends Llama.Granite {

        GraniteMoe(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] feedForward(int layer, double[][] x) {
            double[][] added = gated(layer, norm(x, at(layer, "post_attention_layernorm")));
            return Formulas.scale(added, number("residual_multiplier"));
        }

        @Override
        double[][] gated(int layer, double[][] n) {
            String moe = at(layer, "block_sparse_moe.");
            double[][] scores = linear(n, moe + "router.layer");
            double[][] y = new double[n.length][n[0].length];
            for (int t = 0; t < n.length; t++) {
                double[] p = softmax(scores[t]);
                int[] chosen = chosen(this, p);
                double total = Arrays.stream(chosen).mapToDouble(e -> p[e]).sum();
                for (int e : chosen) {
                    double[] out = expert(moe, e, n[t]);
                    for (int i = 0; i < out.length; i++) {
                        y[t][i] += p[e] / total * out[i];
                    }
                }
            }
            return y;
        }

        private double[] expert(String moe, int e, double[] n) {
            int width = count("intermediate_size");
            int hidden = n.length;
            double[][] x = {n};
            String both = moe + "input_linear.weight";
            double[][] gate = Formulas.linear(x, tensors.rows(both, 2 * e * width, (2 * e + 1) * width), new double[0]);
            double[][] up =
                    Formulas.linear(x, tensors.rows(both, (2 * e + 1) * width, (2 * e + 2) * width), new double[0]);
            double[][] down = tensors.rows(moe + "output_linear.weight", e * hidden, (e + 1) * hidden);
            return Formulas.linear(Formulas.times(activated(gate), up), down, new double[0])[0];
        }
    }

    /** Granite 4 without state spaces: one expert that every token gets, with others or alone; and no positions, or rotary ones. */
    static final class GraniteMoeHybrid extends GraniteMoe {

        GraniteMoeHybrid(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] rotate(int layer, double[][] x) {
            return config.get("position_embedding_type").asText().equals("rope") ? super.rotate(layer, x) : x;
        }

        @Override
        double[][] gated(int layer, double[][] n) {
            double[][] both = linear(n, at(layer, "shared_mlp.input_linear"));
            int width = count("shared_intermediate_size");
            double[][] gate = activated(eachToken(both, token -> Arrays.copyOf(token, width)));
            double[][] up = eachToken(both, token -> Arrays.copyOfRange(token, width, 2 * width));
            double[][] shared = linear(Formulas.times(gate, up), at(layer, "shared_mlp.output_linear"));
            return count("num_local_experts") == 0 ? shared : Formulas.add(super.gated(layer, n), shared);
        }
    }

    /** OLMoE, arXiv 2409.02060: norms before the branches, and of q and k over all heads together. */
    static class Olmoe extends Llama {

        Olmoe(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] queries(int layer, double[][] n) {
            return norm(super.queries(layer, n), at(layer, "self_attn.q_norm"));
        }

        @Override
        double[][] keys(int layer, double[][] n) {
            return norm(super.keys(layer, n), at(layer, "self_attn.k_norm"));
        }

        @Override
        double[][] gated(int layer, double[][] n) {
            return mixture(this, n, at(layer, "mlp.gate"), mlpExperts(layer), flag("norm_topk_prob"));
        }
    }

    /** Mixtral, arXiv 2401.04088: the softmax is over the chosen experts alone, which is the same as norming to 1. */
    static final class Mixtral extends Llama.Mistral {

        Mixtral(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] gated(int layer, double[][] n) {
            return mixture(this, n, at(layer, "block_sparse_moe.gate"), numberedExperts(layer), true);
        }
    }
}
