package dev.twofold.families;

import com.fasterxml.jackson.databind.JsonNode;

/** Hunyuan 1: Llama whose queries and keys are normed head by head after they turned, {@code n(R Wq x)}. */
class Hunyuan extends Llama {

    Hunyuan(JsonNode config, Tensors tensors) {
        super(config, tensors);
    }

    @Override
    double[][] attention(int layer, double[][] x) {
        double[][] n = norm(x, at(layer, "input_layernorm"));
        double[][] q = normedByHead(rotate(layer, queries(layer, n)), at(layer, "self_attn.query_layernorm.weight"));
        double[][] k = normedByHead(rotate(layer, keys(layer, n)), at(layer, "self_attn.key_layernorm.weight"));
        return linear(core(layer).attend(q, k, values(layer, n)), at(layer, "self_attn.o_proj"));
    }

    /** The base is stretched by alpha, whatever the length is. */
    @Override
    Frequencies frequencies(int layer, int length) {
        double alpha = config.path("rope_scaling").path("alpha").asDouble();
        double base = number("rope_theta") * Math.pow(alpha, headSize / (headSize - 2.0));
        return Frequencies.plain(base, headSize);
    }
}
