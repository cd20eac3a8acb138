package dev.twofold.families;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.OptionalInt;

/** GPT-Neo (Black and others, 2021): learned positions, scores that are not scaled, and a window in layers that are local. */
final class GptNeo extends Gpt2Blocks {

    GptNeo(JsonNode config, Tensors tensors) {
        super(config, tensors);
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
}
