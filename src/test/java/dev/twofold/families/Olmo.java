package dev.twofold.families;

import static dev.twofold.families.Formulas.layerNorm;
import static dev.twofold.families.Formulas.map;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.OptionalInt;

/** OLMo, arXiv 2402.00838: LayerNorm without gain or bias; optionally q, k and v clipped. */
final class Olmo extends Llama {

    Olmo(JsonNode config, Tensors tensors) {
        super(config, tensors);
    }

    @Override
    double[][] norm(double[][] x, String name) {
        double[] ones = new double[x[0].length];
        Arrays.fill(ones, 1);
        return eachToken(x, token -> layerNorm(token, ones, new double[0], 1e-5));
    }

    @Override
    double[][] queries(int layer, double[][] n) {
        return clipped(super.queries(layer, n));
    }

    @Override
    double[][] keys(int layer, double[][] n) {
        return clipped(super.keys(layer, n));
    }

    @Override
    double[][] values(int layer, double[][] n) {
        return clipped(super.values(layer, n));
    }

    private double[][] clipped(double[][] x) {
        double bound = number("clip_qkv", Double.POSITIVE_INFINITY);
        return map(x, value -> Math.max(-bound, Math.min(bound, value)));
    }

    /**
     * OLMo 2, arXiv 2501.00656: branches read the stream as it is, and what they add is normed; q and k are normed over
     * all their heads together.
     */
    static class Olmo2 extends Llama {

        Olmo2(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] attention(int layer, double[][] x) {
            double[][] q = rotate(layer, norm(queries(layer, x), at(layer, "self_attn.q_norm")));
            double[][] k = rotate(layer, norm(keys(layer, x), at(layer, "self_attn.k_norm")));
            double[][] mixed = core(layer).attend(q, k, values(layer, x));
            return norm(linear(mixed, at(layer, "self_attn.o_proj")), at(layer, "post_attention_layernorm"));
        }

        @Override
        double[][] feedForward(int layer, double[][] x) {
            return norm(gated(layer, x), at(layer, "post_feedforward_layernorm"));
        }
    }

    /** OLMo 3: three layers with a window to one that sees all; only the latter's rotary frequencies are scaled. */
    static final class Olmo3 extends Olmo2 {

        Olmo3(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        private boolean local(int layer) {
            return config.get("layer_types").get(layer).asText().equals("sliding_attention");
        }

        @Override
        OptionalInt window(int layer) {
            return local(layer) ? slidingWindow() : OptionalInt.empty();
        }

        @Override
        Frequencies frequencies(int layer, int length) {
            return local(layer) ? Frequencies.plain(number("rope_theta"), headSize) : super.frequencies(layer, length);
        }
    }
}
