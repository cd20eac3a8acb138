package dev.twofold.families;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.OptionalInt;

/** Qwen2 and 2.5, arXiv 2407.10671: biases on q, k and v; optionally a window from some layer on. */
class Qwen2 extends Llama {

    Qwen2(JsonNode config, Tensors tensors) {
        super(config, tensors);
    }

    @Override
    OptionalInt window(int layer) {
        return flag("use_sliding_window") && layer >= count("max_window_layers")
                ? slidingWindow()
                : OptionalInt.empty();
    }

    /** Qwen3, arXiv 2505.09388: no biases, RMSNorm on every head of q and k with one gain for all heads. */
    static class Qwen3 extends Qwen2 {

        Qwen3(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] queries(int layer, double[][] n) {
            return normedByHead(super.queries(layer, n), at(layer, "self_attn.q_norm.weight"));
        }

        @Override
        double[][] keys(int layer, double[][] n) {
            return normedByHead(super.keys(layer, n), at(layer, "self_attn.k_norm.weight"));
        }
    }
}
