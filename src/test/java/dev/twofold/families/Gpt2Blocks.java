package dev.twofold.families;

import static dev.twofold.families.Formulas.add;
import static dev.twofold.families.Formulas.layerNorm;
import static dev.twofold.families.Formulas.map;

import com.fasterxml.jackson.databind.JsonNode;

/** What followed GPT-2 in all but its attention, with matrices {@code [out, in]}: learned positions, LayerNorm, tied. */
abstract class Gpt2Blocks extends Family {

    Gpt2Blocks(JsonNode config, Tensors tensors) {
        super(config, tensors);
    }

    @Override
    double[][] embed(int[] tokens) {
        return add(lookUp(tokens, "transformer.wte.weight"), tensors.rows("transformer.wpe.weight", 0, tokens.length));
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

    double[][] norm(double[][] x, String name) {
        double[] gain = tensors.vector(name + ".weight");
        double[] bias = tensors.vector(name + ".bias");
        return eachToken(x, token -> layerNorm(token, gain, bias, number("layer_norm_epsilon")));
    }

    static String at(int layer, String part) {
        return "transformer.h." + layer + "." + part;
    }
}
