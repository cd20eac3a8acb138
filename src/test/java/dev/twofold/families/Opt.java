package dev.twofold.families;

import static dev.twofold.families.Formulas.add;
import static dev.twofold.families.Formulas.layerNorm;
import static dev.twofold.families.Formulas.map;

import com.fasterxml.jackson.databind.JsonNode;

/** OPT, arXiv 2205.01068: learned positions, whose first two rows are for none; LayerNorm; ReLU; tied. */
final class Opt extends Family {

    private static final int FIRST = 2;

    Opt(JsonNode config, Tensors tensors) {
        super(config, tensors);
    }

    @Override
    double[][] embed(int[] tokens) {
        double[][] positions = tensors.rows("model.decoder.embed_positions.weight", FIRST, FIRST + tokens.length);
        return add(lookUp(tokens, "model.decoder.embed_tokens.weight"), positions);
    }

    @Override
    double[][] attention(int layer, double[][] x) {
        double[][] n = norm(x, at(layer, "self_attn_layer_norm"));
        double[][] q = linear(n, at(layer, "self_attn.q_proj"));
        double[][] k = linear(n, at(layer, "self_attn.k_proj"));
        double[][] v = linear(n, at(layer, "self_attn.v_proj"));
        Core core = Core.of(count("hidden_size") / count("num_attention_heads"));
        return linear(core.attend(q, k, v), at(layer, "self_attn.out_proj"));
    }

    @Override
    double[][] feedForward(int layer, double[][] x) {
        double[][] wide = linear(norm(x, at(layer, "final_layer_norm")), at(layer, "fc1"));
        return linear(map(wide, value -> Math.max(0, value)), at(layer, "fc2"));
    }

    @Override
    double[][] head(double[][] x) {
        return linear(norm(x, "model.decoder.final_layer_norm"), "model.decoder.embed_tokens");
    }

    private double[][] norm(double[][] x, String name) {
        double[] gain = tensors.vector(name + ".weight");
        double[] bias = tensors.vector(name + ".bias");
        return eachToken(x, token -> layerNorm(token, gain, bias, 1e-5));
    }

    private static String at(int layer, String part) {
        return "model.decoder.layers." + layer + "." + part;
    }
}
