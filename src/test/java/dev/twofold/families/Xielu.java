package dev.twofold.families;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Apertus, arXiv 2509.14233: Qwen3's norms of heads, and {@code Wdown xielu(Wup n(x))} with trained numbers, arXiv 2411.13010.
 */
final class Xielu extends Llama {

    Xielu(JsonNode config, Tensors tensors) {
        super(config, tensors);
    }

    @Override
    double[][] attention(int layer, double[][] x) {
        double[][] n = norm(x, at(layer, "attention_layernorm"));
        double[][] q = rotate(layer, normedByHead(queries(layer, n), at(layer, "self_attn.q_norm.weight")));
        double[][] k = rotate(layer, normedByHead(keys(layer, n), at(layer, "self_attn.k_norm.weight")));
        return linear(core(layer).attend(q, k, values(layer, n)), at(layer, "self_attn.o_proj"));
    }

    @Override
    double[][] feedForward(int layer, double[][] x) {
        double[][] n = norm(x, at(layer, "feedforward_layernorm"));
        double beta = tensors.vector(at(layer, "mlp.act_fn.beta"))[0];
        double positive = softplus(tensors.vector(at(layer, "mlp.act_fn.alpha_p"))[0]);
        double negative = beta + softplus(tensors.vector(at(layer, "mlp.act_fn.alpha_n"))[0]);
        double[][] wide = Formulas.map(
                linear(n, at(layer, "mlp.up_proj")),
                v -> beta * v + (v > 0 ? positive * v * v : negative * (Math.expm1(v) - v)));
        return linear(wide, at(layer, "mlp.down_proj"));
    }

    private static double softplus(double x) {
        return Math.log1p(Math.exp(x));
    }
}
