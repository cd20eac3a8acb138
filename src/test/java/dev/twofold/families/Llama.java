package dev.twofold.families;

import static dev.twofold.families.Formulas.rmsNorm;
import static dev.twofold.families.Formulas.scale;
import static dev.twofold.families.Formulas.times;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Llama, arXiv 2302.13971 and 2407.21783, and what differs from it in little. n is RMSNorm, R turns by position.
 *
 * <pre>
 * A(x) = Wo attend(R Wq n(x), R Wk n(x), Wv n(x))
 * F(x) = Wdown (silu(Wgate n'(x)) * Wup n'(x))
 * </pre>
 */
class Llama extends Family {

    final int heads;
    final int kvHeads;
    final int headSize;

    Llama(JsonNode config, Tensors tensors) {
        super(config, tensors);
        heads = count("num_attention_heads");
        kvHeads = (int) number("num_key_value_heads", heads);
        headSize = (int) number("head_dim", number("hidden_size") / heads);
    }

    @Override
    double[][] embed(int[] tokens) {
        return lookUp(tokens, "model.embed_tokens.weight");
    }

    @Override
    double[][] attention(int layer, double[][] x) {
        double[][] n = norm(x, at(layer, "input_layernorm"));
        double[][] q = rotate(layer, queries(layer, n));
        double[][] k = rotate(layer, keys(layer, n));
        return linear(core(layer).attend(q, k, values(layer, n)), at(layer, "self_attn.o_proj"));
    }

    @Override
    double[][] feedForward(int layer, double[][] x) {
        return gated(layer, norm(x, at(layer, "post_attention_layernorm")));
    }

    @Override
    double[][] head(double[][] x) {
        double[][] n = norm(x, "model.norm");
        return linear(n, flag("tie_word_embeddings") ? "model.embed_tokens" : "lm_head");
    }

    double[][] gated(int layer, double[][] n) {
        double[][] gate = linear(n, at(layer, "mlp.gate_proj"));
        double[][] up = linear(n, at(layer, "mlp.up_proj"));
        return linear(times(activated(gate), up), at(layer, "mlp.down_proj"));
    }

    double[][] activated(double[][] gate) {
        return Formulas.map(gate, Formulas::silu);
    }

    double[][] queries(int layer, double[][] n) {
        return linear(n, at(layer, "self_attn.q_proj"));
    }

    double[][] keys(int layer, double[][] n) {
        return linear(n, at(layer, "self_attn.k_proj"));
    }

    double[][] values(int layer, double[][] n) {
        return linear(n, at(layer, "self_attn.v_proj"));
    }

    /** Every head by itself, with one gain for all. */
    final double[][] normedByHead(double[][] x, String name) {
        double[] gain = tensors.vector(name);
        return eachHead(x, headSize, head -> part -> rmsNorm(part, gain, epsilon()));
    }

    double[][] norm(double[][] x, String name) {
        double[] gain = tensors.vector(name + ".weight");
        return eachToken(x, token -> rmsNorm(token, gain, epsilon()));
    }

    double epsilon() {
        return number("rms_norm_eps");
    }

    double[][] rotate(int layer, double[][] x) {
        return frequencies(layer, x.length).rotateHalves(x, headSize);
    }

    Frequencies frequencies(int layer, int length) {
        double base = number("rope_theta", 10000);
        int width = (int) (headSize * number("partial_rotary_factor", 1));
        return Frequencies.plain(base, width).scaled(config.path("rope_scaling"), config, base, length);
    }

    Core core(int layer) {
        return Core.of(headSize).windowed(window(layer));
    }

    OptionalInt window(int layer) {
        return OptionalInt.empty();
    }

    final OptionalInt slidingWindow() {
        return config.path("sliding_window").isNumber() ? OptionalInt.of(count("sliding_window")) : OptionalInt.empty();
    }

    static String at(int layer, String part) {
        return "model.layers." + layer + "." + part;
    }

    /** Mistral 7B, arXiv 2310.06825: every layer sees a window. */
    static class Mistral extends Llama {

        Mistral(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        OptionalInt window(int layer) {
            return slidingWindow();
        }
    }

    /**
     * Ministral 3: queries are multiplied by {@code 1 + beta ln(1 + floor(t / c))} once they turned, where c is the context before
     * it was made longer. Scalable softmax, arXiv 2501.19399, in the form of Llama 4.
     */
    static final class Ministral3 extends Mistral {

        private final JsonNode options;

        Ministral3(JsonNode config, Tensors tensors) {
            super(config, tensors);
            options = config.get("rope_parameters");
        }

        @Override
        Frequencies frequencies(int layer, int length) {
            double base = options.get("rope_theta").asDouble();
            return Frequencies.plain(base, headSize).scaled(options, config, base, length);
        }

        @Override
        double[][] attention(int layer, double[][] x) {
            double[][] n = norm(x, at(layer, "input_layernorm"));
            double[][] q = tempered(rotate(layer, queries(layer, n)));
            double[][] k = rotate(layer, keys(layer, n));
            return linear(core(layer).attend(q, k, values(layer, n)), at(layer, "self_attn.o_proj"));
        }

        private double[][] tempered(double[][] q) {
            double beta = options.get("llama_4_scaling_beta").asDouble();
            int before = options.get("original_max_position_embeddings").asInt();
            double[][] hot = new double[q.length][];
            for (int t = 0; t < q.length; t++) {
                double temperature = 1 + beta * Math.log(1 + t / before);
                hot[t] = Arrays.stream(q[t]).map(value -> value * temperature).toArray();
            }
            return hot;
        }
    }

    /** SmolLM3: layers marked 0 do not turn queries and keys. */
    static final class SmolLm3 extends Llama {

        SmolLm3(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] rotate(int layer, double[][] x) {
            return config.get("no_rope_layers").get(layer).asInt() == 1 ? super.rotate(layer, x) : x;
        }
    }

    /**
     * Granite 3, arXiv 2408.13359's maximal-update multipliers: of the embedding, of attention scores in place of
     * {@code 1/sqrt(head size)}, of what a branch adds, and a divisor of the logits.
     */
    static class Granite extends Multiplied {

        Granite(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double ofEmbedding() {
            return number("embedding_multiplier");
        }

        @Override
        double ofBranches() {
            return number("residual_multiplier");
        }

        @Override
        double ofLogits() {
            return 1 / number("logits_scaling");
        }

        @Override
        Core core(int layer) {
            return super.core(layer).scaled(number("attention_multiplier"));
        }
    }

    /** MiniCPM, arXiv 2404.06395: a branch counts the less the deeper the model is, logits the less the wider it is. */
    static final class MiniCpm extends Multiplied {

        MiniCpm(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double ofEmbedding() {
            return number("scale_emb");
        }

        @Override
        double ofBranches() {
            return number("scale_depth") / Math.sqrt(number("num_hidden_layers"));
        }

        @Override
        double ofLogits() {
            return number("dim_model_base") / number("hidden_size");
        }
    }

    /** Multipliers of the embedding, of what each branch adds, and of logits. */
    private abstract static class Multiplied extends Llama {

        Multiplied(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        abstract double ofEmbedding();

        abstract double ofBranches();

        abstract double ofLogits();

        @Override
        final double[][] embed(int[] tokens) {
            return scale(super.embed(tokens), ofEmbedding());
        }

        @Override
        double[][] attention(int layer, double[][] x) {
            return scale(super.attention(layer, x), ofBranches());
        }

        @Override
        double[][] feedForward(int layer, double[][] x) {
            return scale(super.feedForward(layer, x), ofBranches());
        }

        @Override
        double[][] head(double[][] x) {
            return scale(super.head(x), ofLogits());
        }
    }

    /**
     * InternLM2, arXiv 2403.17297: q, k and v in one matrix, KV head by KV head: the query heads of the group, its key
     * head, its value head.
     */
    static final class InternLm2 extends Llama {

        private final int group;

        InternLm2(JsonNode config, Tensors tensors) {
            super(config, tensors);
            group = heads / kvHeads + 2;
        }

        @Override
        double[][] embed(int[] tokens) {
            return lookUp(tokens, "model.tok_embeddings.weight");
        }

        @Override
        double[][] attention(int layer, double[][] x) {
            double[][] n = norm(x, at(layer, "attention_norm"));
            double[][] q = rotate(layer, queries(layer, n));
            double[][] k = rotate(layer, keys(layer, n));
            return linear(core(layer).attend(q, k, values(layer, n)), at(layer, "attention.wo"));
        }

        @Override
        double[][] feedForward(int layer, double[][] x) {
            double[][] n = norm(x, at(layer, "ffn_norm"));
            double[][] gate = linear(n, at(layer, "feed_forward.w1"));
            double[][] up = linear(n, at(layer, "feed_forward.w3"));
            return linear(times(activated(gate), up), at(layer, "feed_forward.w2"));
        }

        @Override
        double[][] head(double[][] x) {
            return linear(norm(x, "model.norm"), "output");
        }

        @Override
        double[][] queries(int layer, double[][] n) {
            return blocks(layer, n, 0, group - 2);
        }

        @Override
        double[][] keys(int layer, double[][] n) {
            return blocks(layer, n, group - 2, group - 1);
        }

        @Override
        double[][] values(int layer, double[][] n) {
            return blocks(layer, n, group - 1, group);
        }

        /** The heads {@code from} to {@code to} of every group. */
        private double[][] blocks(int layer, double[][] n, int from, int to) {
            double[][] fused = linear(n, at(layer, "attention.wqkv"));
            int[] columns = IntStream.range(0, kvHeads)
                    .flatMap(g -> IntStream.range((g * group + from) * headSize, (g * group + to) * headSize))
                    .toArray();
            return eachToken(
                    fused,
                    token -> IntStream.of(columns).mapToDouble(c -> token[c]).toArray());
        }
    }
}
