package dev.twofold.families;

import static dev.twofold.families.Formulas.add;
import static dev.twofold.families.Formulas.layerNorm;
import static dev.twofold.families.Formulas.map;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.OptionalInt;

/** GPT-Neo (Black and others, 2021): learned positions, scores that are not scaled, and a window in layers that are local. */
final class GptNeo extends Family {

    GptNeo(JsonNode config, Tensors tensors) {
        super(config, tensors);
    }

    @Override
    double[][] embed(int[] tokens) {
        return add(lookUp(tokens, "transformer.wte.weight"), tensors.rows("transformer.wpe.weight", 0, tokens.length));
    }

    @Override
    double[][] attention(int layer, double[][] x) {
        double[][] n = norm(x, at(layer, "ln_1"));
        double[][] q = linear(n, at(layer, "attn.attention.q_proj"));
        double[][] k = linear(n, at(layer, "attn.attention.k_proj"));
        double[][] v = linear(n, at(layer, "attn.attention.v_proj"));
        boolean local = config.get("attention_layers").get(layer).asText().equals("local");
        Core core = Core.of(count("hidden_size") / count("num_heads"))
                .scaled(1)
                .windowed(local ? OptionalInt.of(count("window_size")) : OptionalInt.empty());
        return linear(core.attend(q, k, v), at(layer, "attn.attention.out_proj"));
    }

    @Override
    double[][] feedForward(int layer, double[][] x) {
        double[][] wide = linear(norm(x, at(layer, "ln_2")), at(layer, "mlp.c_fc"));
        return linear(map(wide, Formulas::geluTanh), at(layer, "mlp.c_proj"));
    }

    @Override
    double[][] head(double[][] x) {
        return linear(norm(x, "transformer.ln_f"), "transformer.wte");
    }

    private double[][] norm(double[][] x, String name) {
        double[] gain = tensors.vector(name + ".weight");
        double[] bias = tensors.vector(name + ".bias");
        return eachToken(x, token -> layerNorm(token, gain, bias, number("layer_norm_epsilon")));
    }

    private static String at(int layer, String part) {
        return "transformer.h." + layer + "." + part;
    }
}
