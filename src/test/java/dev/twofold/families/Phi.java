package dev.twofold.families;

import static dev.twofold.families.Formulas.layerNorm;
import static dev.twofold.families.Formulas.map;

import com.fasterxml.jackson.databind.JsonNode;

/** Phi 1.5 and 2, arXiv 2309.05463: both branches read one LayerNorm; the head has a bias, as everything else. */
final class Phi extends Llama {

    Phi(JsonNode config, Tensors tensors) {
        super(config, tensors);
    }

    @Override
    boolean parallelResidual() {
        return true;
    }

    @Override
    double[][] attention(int layer, double[][] x) {
        double[][] n = norm(x, at(layer, "input_layernorm"));
        double[][] q = rotate(layer, queries(layer, n));
        double[][] k = rotate(layer, keys(layer, n));
        return linear(core(layer).attend(q, k, values(layer, n)), at(layer, "self_attn.dense"));
    }

    @Override
    double[][] feedForward(int layer, double[][] x) {
        double[][] n = norm(x, at(layer, "input_layernorm"));
        return linear(map(linear(n, at(layer, "mlp.fc1")), Formulas::geluTanh), at(layer, "mlp.fc2"));
    }

    @Override
    double[][] head(double[][] x) {
        return linear(norm(x, "model.final_layernorm"), "lm_head");
    }

    @Override
    double[][] norm(double[][] x, String name) {
        double[] gain = tensors.vector(name + ".weight");
        double[] bias = tensors.vector(name + ".bias");
        return eachToken(x, token -> layerNorm(token, gain, bias, number("layer_norm_eps")));
    }
}
