package dev.twofold.families;

import static dev.twofold.families.Formulas.layerNorm;
import static dev.twofold.families.Formulas.map;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.stream.IntStream;

/**
 * GPT-NeoX and Pythia, arXiv 2204.06745: two LayerNorms, by default of the same stream; q, k and v in one matrix, head by
 * head; the first part of each head is turned.
 */
final class GptNeoX extends Family {

    private final int heads;
    private final int headSize;

    GptNeoX(JsonNode config, Tensors tensors) {
        super(config, tensors);
        heads = count("num_attention_heads");
        headSize = count("hidden_size") / heads;
    }

    @Override
    boolean parallelResidual() {
        return flag("use_parallel_residual");
    }

    @Override
    double[][] embed(int[] tokens) {
        return lookUp(tokens, "gpt_neox.embed_in.weight");
    }

    @Override
    double[][] attention(int layer, double[][] x) {
        double[][] fused = linear(norm(x, at(layer, "input_layernorm")), at(layer, "attention.query_key_value"));
        int width = (int) (headSize * number("rotary_pct"));
        Frequencies frequencies = Frequencies.plain(number("rotary_emb_base"), width);
        double[][] q = frequencies.rotateHalves(third(fused, 0), headSize);
        double[][] k = frequencies.rotateHalves(third(fused, 1), headSize);
        return linear(Core.of(headSize).attend(q, k, third(fused, 2)), at(layer, "attention.dense"));
    }

    @Override
    double[][] feedForward(int layer, double[][] x) {
        double[][] n = norm(x, at(layer, "post_attention_layernorm"));
        double[][] wide = map(linear(n, at(layer, "mlp.dense_h_to_4h")), Formulas::gelu);
        return linear(wide, at(layer, "mlp.dense_4h_to_h"));
    }

    @Override
    double[][] head(double[][] x) {
        return linear(norm(x, "gpt_neox.final_layer_norm"), "embed_out");
    }

    private double[][] norm(double[][] x, String name) {
        double[] gain = tensors.vector(name + ".weight");
        double[] bias = tensors.vector(name + ".bias");
        return eachToken(x, token -> layerNorm(token, gain, bias, number("layer_norm_eps")));
    }

    /** Each head's query, key or value: its first, second or last third. */
    private double[][] third(double[][] fused, int which) {
        int[] columns = IntStream.range(0, heads)
                .flatMap(h -> IntStream.range((3 * h + which) * headSize, (3 * h + which + 1) * headSize))
                .toArray();
        return eachToken(
                fused, token -> IntStream.of(columns).mapToDouble(c -> token[c]).toArray());
    }

    private static String at(int layer, String part) {
        return "gpt_neox.layers." + layer + "." + part;
    }
}
