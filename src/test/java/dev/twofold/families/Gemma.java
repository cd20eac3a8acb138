package dev.twofold.families;

import static dev.twofold.families.Formulas.map;
import static dev.twofold.families.Formulas.rmsNorm;
import static dev.twofold.families.Formulas.scale;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.OptionalInt;

/** Gemma, arXiv 2403.08295: gains are 1 + w, the embedding is scaled by {@code sqrt(hidden size)}, GELU; tied. */
class Gemma extends Llama {

    Gemma(JsonNode config, Tensors tensors) {
        super(config, tensors);
    }

    @Override
    double[][] embed(int[] tokens) {
        return scale(super.embed(tokens), Math.sqrt(number("hidden_size")));
    }

    @Override
    double[][] norm(double[][] x, String name) {
        double[] gain = gain(name);
        return eachToken(x, token -> rmsNorm(token, gain, epsilon()));
    }

    double[] gain(String name) {
        return Arrays.stream(tensors.vector(name + ".weight")).map(w -> 1 + w).toArray();
    }

    @Override
    double[][] activated(double[][] gate) {
        return map(gate, Formulas::geluTanh);
    }

    @Override
    double[][] head(double[][] x) {
        return linear(norm(x, "model.norm"), "model.embed_tokens");
    }

    /**
     * Gemma 2, arXiv 2408.00118: norms before and after each branch, soft caps on attention scores and logits, layers of
     * even number see a window.
     */
    static class Gemma2 extends Gemma {

        Gemma2(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] attention(int layer, double[][] x) {
            return norm(super.attention(layer, x), at(layer, "post_attention_layernorm"));
        }

        @Override
        double[][] feedForward(int layer, double[][] x) {
            double[][] n = norm(x, at(layer, "pre_feedforward_layernorm"));
            return norm(gated(layer, n), at(layer, "post_feedforward_layernorm"));
        }

        @Override
        Core core(int layer) {
            return super.core(layer)
                    .scaled(1 / Math.sqrt(number("query_pre_attn_scalar")))
                    .capped(number("attn_logit_softcapping", Double.POSITIVE_INFINITY));
        }

        boolean local(int layer) {
            return layer % 2 == 0;
        }

        @Override
        OptionalInt window(int layer) {
            return local(layer) ? slidingWindow() : OptionalInt.empty();
        }

        @Override
        double[][] head(double[][] x) {
            double cap = number("final_logit_softcapping", Double.POSITIVE_INFINITY);
            double[][] logits = super.head(x);
            return Double.isInfinite(cap) ? logits : map(logits, logit -> cap * Math.tanh(logit / cap));
        }
    }

    /** VaultGemma, arXiv 2510.15001: Gemma 2 without norms of what branches add; config.json lists the layers with a window. */
    static final class VaultGemma extends Gemma2 {

        VaultGemma(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] attention(int layer, double[][] x) {
            double[][] n = norm(x, at(layer, "input_layernorm"));
            double[][] q = rotate(layer, queries(layer, n));
            double[][] k = rotate(layer, keys(layer, n));
            return linear(core(layer).attend(q, k, values(layer, n)), at(layer, "self_attn.o_proj"));
        }

        @Override
        double[][] feedForward(int layer, double[][] x) {
            return gated(layer, norm(x, at(layer, "pre_feedforward_layernorm")));
        }

        @Override
        boolean local(int layer) {
            return config.get("layer_types").get(layer).asText().equals("sliding_attention");
        }
    }

    /**
     * Gemma 3, arXiv 2503.19786: RMSNorm on every head of q and k instead of the caps; five local layers, whose rotary
     * base is another, to one that sees all.
     */
    static final class Gemma3 extends Gemma2 {

        Gemma3(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        boolean local(int layer) {
            return (layer + 1) % count("sliding_window_pattern") != 0;
        }

        @Override
        Frequencies frequencies(int layer, int length) {
            return local(layer)
                    ? Frequencies.plain(number("rope_local_base_freq"), headSize)
                    : super.frequencies(layer, length);
        }

        @Override
        double[][] queries(int layer, double[][] n) {
            return normedHeads(super.queries(layer, n), at(layer, "self_attn.q_norm"));
        }

        @Override
        double[][] keys(int layer, double[][] n) {
            return normedHeads(super.keys(layer, n), at(layer, "self_attn.k_norm"));
        }

        private double[][] normedHeads(double[][] x, String name) {
            double[] gain = gain(name);
            return eachHead(x, headSize, head -> part -> rmsNorm(part, gain, epsilon()));
        }
    }
}
