package dev.twofold.families;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.OptionalInt;

/** StarCoder2, arXiv 2402.19173: LayerNorm, biases everywhere, a feed-forward without gate, a window; tied. */
final class Starcoder2 extends Llama {

    Starcoder2(JsonNode config, Tensors tensors) {
        super(config, tensors);
    }

    @Override
    double[][] norm(double[][] x, String name) {
        double[] gain = tensors.vector(name + ".weight");
        double[] bias = tensors.vector(name + ".bias");
        return eachToken(x, token -> Formulas.layerNorm(token, gain, bias, number("norm_epsilon")));
    }

    @Override
    double[][] feedForward(int layer, double[][] x) {
        double[][] n = norm(x, at(layer, "post_attention_layernorm"));
        double[][] wide = Formulas.map(linear(n, at(layer, "mlp.c_fc")), Formulas::geluTanh);
        return linear(wide, at(layer, "mlp.c_proj"));
    }

    @Override
    OptionalInt window(int layer) {
        return slidingWindow();
    }
}
