package dev.twofold.families;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;

/** StarCoder, arXiv 2305.06161: GPT-2 whose query heads share one key and value head; matrices are {@code [out, in]}. */
final class GptBigCode extends Gpt2Blocks {

    private final int hidden;
    private final int headSize;

    GptBigCode(JsonNode config, Tensors tensors) {
        super(config, tensors);
        hidden = count("n_embd");
        headSize = hidden / count("n_head");
    }

    @Override
    double[][] attention(int layer, double[][] x) {
        double[][] fused = linear(norm(x, at(layer, "ln_1")), at(layer, "attn.c_attn"));
        double[][] q = columns(fused, 0, hidden);
        double[][] k = columns(fused, hidden, hidden + headSize);
        double[][] v = columns(fused, hidden + headSize, hidden + 2 * headSize);
        return linear(Core.of(headSize).attend(q, k, v), at(layer, "attn.c_proj"));
    }

    private static double[][] columns(double[][] fused, int from, int to) {
        return eachToken(fused, token -> Arrays.copyOfRange(token, from, to));
    }
}
