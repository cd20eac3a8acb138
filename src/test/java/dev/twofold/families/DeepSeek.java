package dev.twofold.families;

import static dev.twofold.families.Formulas.dot;
import static dev.twofold.families.Formulas.rmsNorm;
import static dev.twofold.families.Formulas.scale;
import static dev.twofold.families.Formulas.softmax;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;

/**
 * Multi-head latent attention, arXiv 2405.04434. Of what is read, x, queries are made by way of one latent, if config.json says so, and
 * keys and values by way of another, c = n(the first part of Wkva x); the rest r of Wkva x is turned, and a part of the keys of all heads.
 *
 * <pre>
 * q_h = [p_h | R q'_h] of Wqb n(Wqa x) or Wq x      [k_h | v_h] of Wkvb c
 * s_h = scale (p_h k_h + (R q'_h) (R r))            A(x) = Wo [softmax(s_h) v_h]
 * </pre>
 */
class DeepSeek extends Llama {

    private final int plain;
    private final int turned;
    private final int value;

    DeepSeek(JsonNode config, Tensors tensors) {
        super(config, tensors);
        plain = count("qk_nope_head_dim");
        turned = count("qk_rope_head_dim");
        value = count("v_head_dim");
    }

    @Override
    double[][] attention(int layer, double[][] x) {
        double[][] n = norm(x, at(layer, "input_layernorm"));
        double[][] q = queries(layer, n);
        double[][] narrow = linear(n, at(layer, "self_attn.kv_a_proj_with_mqa"));
        int rank = count("kv_lora_rank");
        double[][] c = latent(part(narrow, 0, rank), at(layer, "self_attn.kv_a_layernorm"));
        double[][] r = turn(part(narrow, rank, rank + turned));
        double[][] kv = linear(c, at(layer, "self_attn.kv_b_proj"));
        double[][] mixed = new double[n.length][heads * value];
        for (int head = 0; head < heads; head++) {
            int query = head * (plain + turned);
            int key = head * (plain + value);
            double[][] own = part(q, query, query + plain);
            double[][] positioned = turn(part(q, query + plain, query + plain + turned));
            double[][] k = part(kv, key, key + plain);
            double[][] v = part(kv, key + plain, key + plain + value);
            for (int t = 0; t < n.length; t++) {
                double[] scores = new double[t + 1];
                for (int s = 0; s <= t; s++) {
                    scores[s] = sharpness() * (dot(own[t], k[s]) + dot(positioned[t], r[s]));
                }
                double[] shares = softmax(scores);
                for (int s = 0; s <= t; s++) {
                    for (int i = 0; i < value; i++) {
                        mixed[t][head * value + i] += shares[s] * v[s][i];
                    }
                }
            }
        }
        return linear(mixed, at(layer, "self_attn.o_proj"));
    }

    @Override
    double[][] queries(int layer, double[][] n) {
        if (config.path("q_lora_rank").isNull()) {
            return super.queries(layer, n);
        }
        double[][] narrow = linear(n, at(layer, "self_attn.q_a_proj"));
        return linear(latent(narrow, at(layer, "self_attn.q_a_layernorm")), at(layer, "self_attn.q_b_proj"));
    }

    private double[][] latent(double[][] narrow, String name) {
        double[] gain = tensors.vector(name + ".weight");
        return eachToken(narrow, token -> rmsNorm(token, gain, 1e-6));
    }

    private double[][] turn(double[][] x) {
        double base = number("rope_theta");
        Frequencies frequencies =
                Frequencies.plain(base, turned).scaled(config.path("rope_scaling"), config, base, x.length);
        return turned(frequencies, x);
    }

    double[][] turned(Frequencies frequencies, double[][] x) {
        return frequencies.rotateNeighbours(x, turned);
    }

    /** Longer contexts sharpen scores by the square of what they would stretch queries and keys by. */
    private double sharpness() {
        JsonNode scaling = config.path("rope_scaling");
        double weight = scaling.path("mscale_all_dim").asDouble(0);
        double stretch = weight == 0
                ? 1
                : 1 + 0.1 * weight * Math.log(scaling.get("factor").asDouble());
        return stretch * stretch / Math.sqrt(plain + turned);
    }

    private static double[][] part(double[][] x, int from, int to) {
        return eachToken(x, token -> Arrays.copyOfRange(token, from, to));
    }

    /** MiniCPM 3, arXiv 2404.06395 and after: other pairs turn together, and multipliers of the embedding, of branches and of logits. */
    static final class MiniCpm3 extends DeepSeek {

        MiniCpm3(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] embed(int[] tokens) {
            return scale(super.embed(tokens), number("scale_emb"));
        }

        @Override
        double[][] attention(int layer, double[][] x) {
            return scale(super.attention(layer, x), depth());
        }

        @Override
        double[][] feedForward(int layer, double[][] x) {
            return scale(super.feedForward(layer, x), depth());
        }

        private double depth() {
            return number("scale_depth") / Math.sqrt(number("num_hidden_layers"));
        }

        @Override
        double[][] head(double[][] x) {
            return scale(super.head(x), number("dim_model_base") / number("hidden_size"));
        }

        @Override
        double[][] turned(Frequencies frequencies, double[][] x) {
            return frequencies.rotateHalves(x, x[0].length);
        }
    }

    /** First layers without experts, and then layers with them. */
    abstract static class WithExperts extends DeepSeek {

        WithExperts(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] gated(int layer, double[][] n) {
            return layer < count("first_k_dense_replace") ? super.gated(layer, n) : experts(layer, n);
        }

        abstract double[][] experts(int layer, double[][] n);
    }

    /** DeepSeek V2. */
    static final class V2 extends WithExperts {

        V2(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] experts(int layer, double[][] n) {
            return SharedExperts.byProbability(this, layer, n);
        }
    }

    /** DeepSeek V3. */
    static final class V3 extends WithExperts {

        V3(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] experts(int layer, double[][] n) {
            return SharedExperts.bySigmoid(this, layer, n);
        }
    }
}
