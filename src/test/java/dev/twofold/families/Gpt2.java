package dev.twofold.families;

import static dev.twofold.families.Formulas.add;
import static dev.twofold.families.Formulas.layerNorm;
import static dev.twofold.families.Formulas.map;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;

/** GPT-2: learned positions added to the embedding; LayerNorm; matrices stored {@code [in, out]}; tied. */
final class Gpt2 extends Family {

    private final int width;

    Gpt2(JsonNode config, Tensors tensors) {
        super(config, tensors);
        width = count("n_embd");
    }

    @Override
    double[][] embed(int[] tokens) {
        return add(lookUp(tokens, "wte.weight"), tensors.rows("wpe.weight", 0, tokens.length));
    }

    @Override
    double[][] attention(int layer, double[][] x) {
        double[][] fused = transposed(norm(x, at(layer, "ln_1")), at(layer, "attn.c_attn"));
        double[][] q = columns(fused, 0);
        double[][] k = columns(fused, width);
        double[][] v = columns(fused, 2 * width);
        return transposed(Core.of(width / count("n_head")).attend(q, k, v), at(layer, "attn.c_proj"));
    }

    @Override
    double[][] feedForward(int layer, double[][] x) {
        double[][] wide = transposed(norm(x, at(layer, "ln_2")), at(layer, "mlp.c_fc"));
        return transposed(map(wide, Formulas::geluTanh), at(layer, "mlp.c_proj"));
    }

    @Override
    double[][] head(double[][] x) {
        return linear(norm(x, "ln_f"), "wte");
    }

    private double[][] transposed(double[][] x, String name) {
        return Formulas.linear(x, tensors.transposed(name + ".weight"), tensors.vector(name + ".bias"));
    }

    private double[][] norm(double[][] x, String name) {
        double[] gain = tensors.vector(name + ".weight");
        double[] bias = tensors.vector(name + ".bias");
        return eachToken(x, token -> layerNorm(token, gain, bias, number("layer_norm_epsilon")));
    }

    private double[][] columns(double[][] fused, int from) {
        return eachToken(fused, token -> Arrays.copyOfRange(token, from, from + width));
    }

    private static String at(int layer, String part) {
        return "h." + layer + "." + part;
    }
}
