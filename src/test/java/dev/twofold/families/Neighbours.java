package dev.twofold.families;

import static dev.twofold.families.Formulas.times;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;

/** ERNIE 4.5 and Helium: Llama whose neighbouring elements of a head are turned together. */
class Neighbours extends Llama {

    Neighbours(JsonNode config, Tensors tensors) {
        super(config, tensors);
    }

    @Override
    double[][] rotate(int layer, double[][] x) {
        return frequencies(layer, x.length).rotateNeighbours(x, headSize);
    }

    /** GLM 4 9B, arXiv 2406.12793: half of each head is turned; gate and up are one matrix; biases on q, k and v. */
    static class Glm extends Neighbours {

        Glm(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] gated(int layer, double[][] n) {
            int width = count("intermediate_size");
            double[][] both = linear(n, at(layer, "mlp.gate_up_proj"));
            double[][] gate = eachToken(both, token -> Arrays.copyOfRange(token, 0, width));
            double[][] up = eachToken(both, token -> Arrays.copyOfRange(token, width, 2 * width));
            return linear(times(activated(gate), up), at(layer, "mlp.down_proj"));
        }
    }

    /** GLM 4 of 0414: what branches add is normed, too. */
    static final class Glm4 extends Glm {

        Glm4(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] attention(int layer, double[][] x) {
            return norm(super.attention(layer, x), at(layer, "post_self_attn_layernorm"));
        }

        @Override
        double[][] feedForward(int layer, double[][] x) {
            return norm(super.feedForward(layer, x), at(layer, "post_mlp_layernorm"));
        }
    }
}
