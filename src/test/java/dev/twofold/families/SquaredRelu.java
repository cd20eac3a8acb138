package dev.twofold.families;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;

/** Arcee's AFM: Llama with a feed-forward without gate, {@code Wdown max(Wup n(x), 0)^2}. */
class SquaredRelu extends Llama {

    SquaredRelu(JsonNode config, Tensors tensors) {
        super(config, tensors);
    }

    @Override
    double[][] gated(int layer, double[][] n) {
        double[][] wide = Formulas.map(linear(n, at(layer, "mlp.up_proj")), x -> x > 0 ? x * x : 0);
        return linear(wide, at(layer, "mlp.down_proj"));
    }

    /** Nemotron 4, arXiv 2402.16819: LayerNorm whose gains are 1 + w; half of each head is turned. */
    static final class Nemotron extends SquaredRelu {

        Nemotron(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] norm(double[][] x, String name) {
            double[] gain = Arrays.stream(tensors.vector(name + ".weight"))
                    .map(w -> 1 + w)
                    .toArray();
            double[] bias = tensors.vector(name + ".bias");
            return eachToken(x, token -> Formulas.layerNorm(token, gain, bias, number("norm_eps")));
        }
    }
}
