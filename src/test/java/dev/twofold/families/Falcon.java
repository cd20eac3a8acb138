package dev.twofold.families;

import static dev.twofold.families.Formulas.layerNorm;
import static dev.twofold.families.Formulas.map;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Falcon 7B, arXiv 2311.16867: both branches read one LayerNorm; all query heads share one key and value head; tied. */
class Falcon extends Family {

    final int hidden;
    final int headSize;

    Falcon(JsonNode config, Tensors tensors) {
        super(config, tensors);
        hidden = count("hidden_size");
        headSize = hidden / count("num_attention_heads");
    }

    @Override
    boolean parallelResidual() {
        return true;
    }

    @Override
    double[][] embed(int[] tokens) {
        return lookUp(tokens, "transformer.word_embeddings.weight");
    }

    @Override
    double[][] attention(int layer, double[][] x) {
        double[][] fused = linear(norm(x, at(layer, "input_layernorm")), at(layer, "self_attention.query_key_value"));
        Frequencies frequencies = Frequencies.plain(10000, headSize);
        double[][] q = frequencies.rotateHalves(columns(fused, 0, hidden), headSize);
        double[][] k = frequencies.rotateHalves(columns(fused, hidden, hidden + headSize), headSize);
        double[][] v = columns(fused, hidden + headSize, hidden + 2 * headSize);
        return linear(Core.of(headSize).attend(q, k, v), at(layer, "self_attention.dense"));
    }

    @Override
    double[][] feedForward(int layer, double[][] x) {
        double[][] n = norm(x, at(layer, "input_layernorm"));
        double[][] wide = map(linear(n, at(layer, "mlp.dense_h_to_4h")), Formulas::gelu);
        return linear(wide, at(layer, "mlp.dense_4h_to_h"));
    }

    @Override
    double[][] head(double[][] x) {
        return linear(norm(x, "transformer.ln_f"), "transformer.word_embeddings");
    }

    final double[][] norm(double[][] x, String name) {
        double[] gain = tensors.vector(name + ".weight");
        double[] bias = tensors.vector(name + ".bias");
        return eachToken(x, token -> layerNorm(token, gain, bias, number("layer_norm_epsilon")));
    }

    static double[][] columns(double[][] fused, int from, int to) {
        return eachToken(fused, token -> Arrays.copyOfRange(token, from, to));
    }

    static String at(int layer, String part) {
        return "transformer.h." + layer + "." + part;
    }

    /**
     * Falcon 40B: a norm for each branch; several key and value heads, each behind the query heads that share it in one matrix.
     */
    static final class Falcon40 extends Falcon {

        Falcon40(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] attention(int layer, double[][] x) {
            double[][] fused = linear(norm(x, at(layer, "ln_attn")), at(layer, "self_attention.query_key_value"));
            int groups = count("num_kv_heads");
            int queries = hidden / groups;
            int width = queries + 2 * headSize;
            double[][] q = parts(fused, groups, width, 0, queries);
            double[][] k = parts(fused, groups, width, queries, queries + headSize);
            double[][] v = parts(fused, groups, width, queries + headSize, width);
            Frequencies frequencies = Frequencies.plain(10000, headSize);
            double[][] mixed = Core.of(headSize)
                    .attend(frequencies.rotateHalves(q, headSize), frequencies.rotateHalves(k, headSize), v);
            return linear(mixed, at(layer, "self_attention.dense"));
        }

        @Override
        double[][] feedForward(int layer, double[][] x) {
            double[][] wide = map(linear(norm(x, at(layer, "ln_mlp")), at(layer, "mlp.dense_h_to_4h")), Formulas::gelu);
            return linear(wide, at(layer, "mlp.dense_4h_to_h"));
        }

        /** The same columns of every group. */
        private static double[][] parts(double[][] fused, int groups, int width, int from, int to) {
            return eachToken(
                    fused,
                    token -> IntStream.range(0, groups)
                            .flatMap(group -> IntStream.range(group * width + from, group * width + to))
                            .mapToDouble(column -> token[column])
                            .toArray());
        }
    }
}
