package dev.twofold.families;

import static dev.twofold.families.Formulas.layerNorm;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * StableLM 2, arXiv 2402.17834: LayerNorm, a part of each head turned, biases on q, k and v; in its 12B form no biases,
 * a LayerNorm for each head of q and k, and both branches reading one norm of the same stream.
 */
final class StableLm extends Llama {

    StableLm(JsonNode config, Tensors tensors) {
        super(config, tensors);
    }

    @Override
    boolean parallelResidual() {
        return flag("use_parallel_residual");
    }

    @Override
    double[][] norm(double[][] x, String name) {
        double[] gain = tensors.vector(name + ".weight");
        double[] bias = tensors.vector(name + ".bias");
        return eachToken(x, token -> layerNorm(token, gain, bias, number("layer_norm_eps")));
    }

    @Override
    double[][] feedForward(int layer, double[][] x) {
        return gated(layer, norm(x, at(layer, parallelResidual() ? "input_layernorm" : "post_attention_layernorm")));
    }

    @Override
    double[][] queries(int layer, double[][] n) {
        return normedHeads(super.queries(layer, n), at(layer, "self_attn.q_layernorm"));
    }

    @Override
    double[][] keys(int layer, double[][] n) {
        return normedHeads(super.keys(layer, n), at(layer, "self_attn.k_layernorm"));
    }

    private double[][] normedHeads(double[][] x, String name) {
        if (!flag("qk_layernorm")) {
            return x;
        }
        return eachHead(x, headSize, head -> {
            double[] gain = tensors.vector(name + ".norms." + head + ".weight");
            return part -> layerNorm(part, gain, new double[0], number("layer_norm_eps"));
        });
    }
}
