package dev.twofold.families;

import static dev.twofold.families.Formulas.add;
import static dev.twofold.families.Formulas.layerNorm;
import static dev.twofold.families.Formulas.map;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;

/** StarCoder, arXiv 2305.06161: GPT-2 whose query heads share one key and value head; matrices are {@code [out, in]}. */
final class GptBigCode extends Family {

    private final int hidden;
    private final int headSize;

    GptBigCode(JsonNode config, Tensors tensors) {
        super(config, tensors);
        hidden = count("n_embd");
        headSize = hidden / count("n_head");
    }

    @Override
    double[][] embed(int[] tokens) {
        double[][] positions = tensors.rows("transformer.wpe.weight", 0, tokens.length);
        return add(lookUp(tokens, "transformer.wte.weight"), positions);
    }

    @Override
    double[][] attention(int layer, double[][] x) {
        double[][] fused = linear(norm(x, at(layer, "ln_1")), at(layer, "attn.c_attn"));
        double[][] q = columns(fused, 0, hidden);
        double[][] k = columns(fused, hidden, hidden + headSize);
        double[][] v = columns(fused, hidden + headSize, hidden + 2 * headSize);
        return linear(Core.of(headSize).attend(q, k, v), at(layer, "attn.c_proj"));
    }

    @Override
    double[][] feedForward(int layer, double[][] x) {
        double[][] wide = linear(norm(x, at(layer, "ln_2")), at(layer, "mlp.c_fc"));
        return linear(map(wide, Formulas::geluTanh), at(layer, "mlp.c_proj"));
    }

    @Override
    double[][] head(double[][] x) {
        return linear(norm(x, "transformer.ln_f"), "transformer.wte");
    }

    private double[][] norm(double[][] x, String name) {
        double[] gain = tensors.vector(name + ".weight");
        double[] bias = tensors.vector(name + ".bias");
        return eachToken(x, token -> layerNorm(token, gain, bias, number("layer_norm_epsilon")));
    }

    private static double[][] columns(double[][] fused, int from, int to) {
        return eachToken(fused, token -> Arrays.copyOfRange(token, from, to));
    }

    private static String at(int layer, String part) {
        return "transformer.h." + layer + "." + part;
    }
}
