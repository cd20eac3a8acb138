package dev.twofold.families;

import static dev.twofold.families.Formulas.layerNorm;
import static dev.twofold.families.Formulas.scale;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.OptionalInt;

/**
 * Cohere's Command R: both branches read one LayerNorm without bias; neighbouring elements of a head are turned
 * together; logits are scaled; tied. Command R+ norms every head of q and k, with a gain of its own each.
 */
class Cohere extends Llama {

    private static final double[] NO_BIAS = {};

    Cohere(JsonNode config, Tensors tensors) {
        super(config, tensors);
    }

    @Override
    boolean parallelResidual() {
        return true;
    }

    @Override
    double[][] norm(double[][] x, String name) {
        double[] gain = tensors.vector(name + ".weight");
        return eachToken(x, token -> layerNorm(token, gain, NO_BIAS, number("layer_norm_eps")));
    }

    @Override
    double[][] feedForward(int layer, double[][] x) {
        return gated(layer, norm(x, at(layer, "input_layernorm")));
    }

    @Override
    double[][] queries(int layer, double[][] n) {
        return normedHeads(super.queries(layer, n), at(layer, "self_attn.q_norm.weight"));
    }

    @Override
    double[][] keys(int layer, double[][] n) {
        return normedHeads(super.keys(layer, n), at(layer, "self_attn.k_norm.weight"));
    }

    private double[][] normedHeads(double[][] x, String name) {
        if (!flag("use_qk_norm")) {
            return x;
        }
        double[][] gains = tensors.matrix(name);
        return eachHead(x, headSize, head -> part -> layerNorm(part, gains[head], NO_BIAS, number("layer_norm_eps")));
    }

    @Override
    double[][] rotate(int layer, double[][] x) {
        return frequencies(layer, x.length).rotateNeighbours(x, headSize);
    }

    @Override
    double[][] head(double[][] x) {
        return scale(linear(norm(x, "model.norm"), "model.embed_tokens"), number("logit_scale"));
    }

    /** Command R7B: local layers turn queries and keys, every fourth sees all and does not. */
    static final class Cohere2 extends Cohere {

        Cohere2(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        private boolean local(int layer) {
            return (layer + 1) % count("sliding_window_pattern") != 0;
        }

        @Override
        OptionalInt window(int layer) {
            return local(layer) ? slidingWindow() : OptionalInt.empty();
        }

        @Override
        double[][] rotate(int layer, double[][] x) {
            return local(layer) ? super.rotate(layer, x) : x;
        }
    }
}
