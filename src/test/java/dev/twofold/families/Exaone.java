package dev.twofold.families;

import static dev.twofold.families.Formulas.times;

import com.fasterxml.jackson.databind.JsonNode;

/** EXAONE 3, arXiv 2408.03541: Llama under other names. */
final class Exaone extends Llama {

    Exaone(JsonNode config, Tensors tensors) {
        super(config, tensors);
    }

    @Override
    double epsilon() {
        return number("layer_norm_epsilon");
    }

    @Override
    double[][] embed(int[] tokens) {
        return lookUp(tokens, "transformer.wte.weight");
    }

    @Override
    double[][] attention(int layer, double[][] x) {
        double[][] n = norm(x, own(layer, "ln_1"));
        double[][] q = rotate(layer, linear(n, own(layer, "attn.attention.q_proj")));
        double[][] k = rotate(layer, linear(n, own(layer, "attn.attention.k_proj")));
        double[][] v = linear(n, own(layer, "attn.attention.v_proj"));
        return linear(core(layer).attend(q, k, v), own(layer, "attn.attention.out_proj"));
    }

    @Override
    double[][] feedForward(int layer, double[][] x) {
        double[][] n = norm(x, own(layer, "ln_2"));
        double[][] gate = activated(linear(n, own(layer, "mlp.c_fc_0")));
        return linear(times(gate, linear(n, own(layer, "mlp.c_fc_1"))), own(layer, "mlp.c_proj"));
    }

    @Override
    double[][] head(double[][] x) {
        return linear(norm(x, "transformer.ln_f"), "transformer.wte");
    }

    private static String own(int layer, String part) {
        return "transformer.h." + layer + "." + part;
    }
}
