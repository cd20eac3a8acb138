package dev.twofold.families;

import static dev.twofold.families.Formulas.times;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.OptionalInt;

/** Phi-3 and Phi-4, arXiv 2404.14219: q, k, v in one matrix, gate and up in one; a window; LongRoPE on a part of heads. */
final class Phi3 extends Llama {

    Phi3(JsonNode config, Tensors tensors) {
        super(config, tensors);
    }

    @Override
    OptionalInt window(int layer) {
        return slidingWindow();
    }

    @Override
    double[][] queries(int layer, double[][] n) {
        return rows(n, at(layer, "self_attn.qkv_proj.weight"), 0, heads * headSize);
    }

    @Override
    double[][] keys(int layer, double[][] n) {
        int from = heads * headSize;
        return rows(n, at(layer, "self_attn.qkv_proj.weight"), from, from + kvHeads * headSize);
    }

    @Override
    double[][] values(int layer, double[][] n) {
        int from = (heads + kvHeads) * headSize;
        return rows(n, at(layer, "self_attn.qkv_proj.weight"), from, from + kvHeads * headSize);
    }

    @Override
    double[][] gated(int layer, double[][] n) {
        String fused = at(layer, "mlp.gate_up_proj.weight");
        int width = count("intermediate_size");
        double[][] gate = rows(n, fused, 0, width);
        double[][] up = rows(n, fused, width, 2 * width);
        return linear(times(activated(gate), up), at(layer, "mlp.down_proj"));
    }

    private double[][] rows(double[][] n, String fused, int from, int to) {
        return Formulas.linear(n, tensors.rows(fused, from, to), new double[0]);
    }
}
