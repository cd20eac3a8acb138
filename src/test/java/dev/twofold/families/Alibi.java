package dev.twofold.families;

import static dev.twofold.families.Formulas.layerNorm;
import static dev.twofold.families.Formulas.map;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Decoders with positions by a bias on scores, arXiv 2108.12409: a key that is {@code n} tokens back gets {@code -slope n}. Two LayerNorms a layer, q, k and
 * v in one matrix, head by head, a head that is tied.
 */
abstract class Alibi extends Family {

    final int hidden;
    final int heads;
    final int headSize;

    Alibi(JsonNode config, Tensors tensors, String hidden, String heads) {
        super(config, tensors);
        this.hidden = count(hidden);
        this.heads = count(heads);
        this.headSize = this.hidden / this.heads;
    }

    /** Of heads in their order: those of the largest power of two, then every second of twice as many. */
    final double[] slopes() {
        int power = 1;
        while (2 * power <= heads) {
            power *= 2;
        }
        double first = Math.pow(2, -8.0 / power);
        double between = Math.pow(2, -4.0 / power);
        double[] slopes = new double[heads];
        for (int head = 0; head < heads; head++) {
            slopes[head] = head < power ? Math.pow(first, head + 1) : Math.pow(between, 2 * (head - power) + 1);
        }
        return slopes;
    }

    Core core() {
        double[] slopes = slopes();
        return Core.of(headSize).biased((head, query, key) -> slopes[head] * (key - query));
    }

    final double[][] norm(double[][] x, String name) {
        double[] gain = tensors.vector(name + ".weight");
        double[] stored = tensors.vectorIfAny(name + ".bias");
        double[] bias = stored.length == 0 ? new double[gain.length] : stored;
        return eachToken(x, token -> layerNorm(token, gain, bias, number("layer_norm_epsilon", 1e-5)));
    }

    /** Each head's query, key or value: its first, second or last third. */
    final double[][] third(double[][] fused, int which) {
        int[] columns = IntStream.range(0, heads)
                .flatMap(h -> IntStream.range((3 * h + which) * headSize, (3 * h + which + 1) * headSize))
                .toArray();
        return eachToken(
                fused, token -> IntStream.of(columns).mapToDouble(c -> token[c]).toArray());
    }

    /** BLOOM, arXiv 2211.05100: a LayerNorm of the embedding. */
    static class Bloom extends Alibi {

        Bloom(JsonNode config, Tensors tensors) {
            super(config, tensors, "n_embed", "num_attention_heads");
        }

        Bloom(JsonNode config, Tensors tensors, String hidden) {
            super(config, tensors, hidden, "num_attention_heads");
        }

        @Override
        double[][] embed(int[] tokens) {
            return norm(lookUp(tokens, "transformer.word_embeddings.weight"), "transformer.word_embeddings_layernorm");
        }

        @Override
        double[][] attention(int layer, double[][] x) {
            double[][] fused =
                    linear(norm(x, at(layer, "input_layernorm")), at(layer, "self_attention.query_key_value"));
            double[][] mixed = core().attend(third(fused, 0), third(fused, 1), third(fused, 2));
            return linear(mixed, at(layer, "self_attention.dense"));
        }

        @Override
        double[][] feedForward(int layer, double[][] x) {
            double[][] n = norm(x, at(layer, "post_attention_layernorm"));
            return linear(map(linear(n, at(layer, "mlp.dense_h_to_4h")), this::bent), at(layer, "mlp.dense_4h_to_h"));
        }

        double bent(double x) {
            return Formulas.geluTanh(x);
        }

        @Override
        double[][] head(double[][] x) {
            return linear(norm(x, "transformer.ln_f"), "transformer.word_embeddings");
        }

        private static String at(int layer, String part) {
            return "transformer.h." + layer + "." + part;
        }
    }

    /** Falcon RW, arXiv 2306.01116: biases are numbers of bfloat16, and divided by the root of the head size as scores are. */
    static final class FalconRw extends Bloom {

        FalconRw(JsonNode config, Tensors tensors) {
            super(config, tensors, "hidden_size");
        }

        @Override
        double[][] embed(int[] tokens) {
            return lookUp(tokens, "transformer.word_embeddings.weight");
        }

        @Override
        Core core() {
            double[] slopes = slopes();
            return Core.of(headSize)
                    .biased((head, query, key) ->
                            (risen(slopes[head], key) - risen(slopes[head], query)) / Math.sqrt(headSize));
        }

        private static double risen(double slope, int position) {
            return short8(short8(slope) * short8(position));
        }

        /** The nearest number of eight significant bits. */
        private static double short8(double x) {
            int shift = 7 - Math.getExponent(x);
            return x == 0 ? 0 : Math.scalb(Math.rint(Math.scalb(x, shift)), -shift);
        }

        @Override
        double bent(double x) {
            return Formulas.gelu(x);
        }
    }

    /** MPT, by MosaicML, 2023: no biases; queries, keys and values are limited. */
    static final class Mpt extends Alibi {

        Mpt(JsonNode config, Tensors tensors) {
            super(config, tensors, "d_model", "n_heads");
        }

        @Override
        double[][] embed(int[] tokens) {
            return lookUp(tokens, "transformer.wte.weight");
        }

        @Override
        double[][] attention(int layer, double[][] x) {
            double limit = config.path("attn_config").path("clip_qkv").doubleValue();
            double[][] fused = map(
                    linear(norm(x, at(layer, "norm_1")), at(layer, "attn.Wqkv")),
                    value -> Math.max(-limit, Math.min(limit, value)));
            double[][] mixed = core().attend(part(fused, 0), part(fused, 1), part(fused, 2));
            return linear(mixed, at(layer, "attn.out_proj"));
        }

        private double[][] part(double[][] fused, int which) {
            return eachToken(fused, token -> Arrays.copyOfRange(token, which * hidden, (which + 1) * hidden));
        }

        @Override
        double[][] feedForward(int layer, double[][] x) {
            double[][] n = norm(x, at(layer, "norm_2"));
            return linear(map(linear(n, at(layer, "ffn.up_proj")), Formulas::gelu), at(layer, "ffn.down_proj"));
        }

        @Override
        double[][] head(double[][] x) {
            return linear(norm(x, "transformer.norm_f"), "transformer.wte");
        }

        private static String at(int layer, String part) {
            return "transformer.blocks." + layer + "." + part;
        }
    }
}
