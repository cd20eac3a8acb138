package dev.twofold.families;

import static dev.twofold.families.Formulas.rmsNorm;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.OptionalInt;

/** Code World Model, arXiv 2510.02387: Llama with a window in the layers that config.json lists. */
class Windows extends Llama {

    Windows(JsonNode config, Tensors tensors) {
        super(config, tensors);
    }

    final boolean local(int layer) {
        return config.get("layer_types").get(layer).asText().equals("sliding_attention");
    }

    @Override
    OptionalInt window(int layer) {
        return local(layer) ? slidingWindow() : OptionalInt.empty();
    }

    /**
     * EXAONE 4, arXiv 2507.11407: branches read the stream as it is, and what they add is normed; RMSNorm on every head of q
     * and k. Where some layers have a window, only those turn queries and keys.
     */
    static final class Exaone4 extends Windows {

        Exaone4(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] attention(int layer, double[][] x) {
            double[][] q = rotate(layer, normedHeads(queries(layer, x), at(layer, "self_attn.q_norm.weight")));
            double[][] k = rotate(layer, normedHeads(keys(layer, x), at(layer, "self_attn.k_norm.weight")));
            double[][] mixed = core(layer).attend(q, k, values(layer, x));
            return norm(linear(mixed, at(layer, "self_attn.o_proj")), at(layer, "post_attention_layernorm"));
        }

        @Override
        double[][] feedForward(int layer, double[][] x) {
            return norm(gated(layer, x), at(layer, "post_feedforward_layernorm"));
        }

        @Override
        double[][] rotate(int layer, double[][] x) {
            return local(layer) || slidingWindow().isEmpty() ? super.rotate(layer, x) : x;
        }

        private double[][] normedHeads(double[][] x, String name) {
            double[] gain = tensors.vector(name);
            return eachHead(x, headSize, head -> part -> rmsNorm(part, gain, epsilon()));
        }
    }
}
