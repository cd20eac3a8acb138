import java.util.ArrayList;
import java.util.List;

/** The sizes of a model. Those of real models are named after them. */
record Shape(
        String name, int layers, int hidden, int heads, int kvHeads, int headDim, int ffn, int vocab, boolean tied,
        int context, double ropeTheta, double llama3Factor, int bos, int eos) {

    // A llama3Factor of 0 means no rope scaling. 77 layers is what makes four times the bytes of llama-3.2-1b.
    // @formatter:off spotless:off
    static final List<Shape> ALL = List.of(
            //                   layers hidden heads kv  dim    ffn   vocab   tied context   theta factor   bos     eos
            new Shape("tiny",            4,   64,  4,  2,  16,   176,    256, true,    256,  10000,  0,      0,      0),
            new Shape("smollm-135m",    30,  576,  9,  3,  64,  1536,  49152, true,   2048,  10000,  0,      0,      0),
            new Shape("llama-3.2-1b",   16, 2048, 32,  8,  64,  8192, 128256, true, 131072, 500000, 32, 128000, 128001),
            new Shape("llama-3.2-1b-x4", 77, 2048, 32, 8,  64,  8192, 128256, true, 131072, 500000, 32, 128000, 128001),
            new Shape("llama-3.2-3b",   28, 3072, 24,  8, 128,  8192, 128256, true, 131072, 500000, 32, 128000, 128001),
            new Shape("llama-3.1-8b",   32, 4096, 32,  8, 128, 14336, 128256, false, 131072, 500000, 8, 128000, 128001),
            new Shape("llama-2-7b",     32, 4096, 32, 32, 128, 11008,  32000, false,   4096,  10000, 0,     1,      2));
    // @formatter:on spotless:on

    /** Of the weights that are drawn at random, and what config.json says of them. */
    static final double WEIGHT_STD = 0.02;

    static Shape named(String name) {
        return ALL.stream()
                .filter(shape -> shape.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new UsageException("unknown shape '" + name + "'"));
    }

    Shape withLayers(int count) {
        return new Shape(name, count, hidden, heads, kvHeads, headDim, ffn, vocab, tied, context, ropeTheta,
                llama3Factor, bos, eos);
    }

    long parameters() {
        return tensors().stream().mapToLong(Tensor::elements).sum();
    }

    /** Tensors in the order in which transformers saves them, which decides what shares a shard. */
    List<Tensor> tensors() {
        List<Tensor> tensors = new ArrayList<>();
        tensors.add(new Tensor("model.embed_tokens.weight", vocab, hidden));
        for (int layer = 0; layer < layers; layer++) {
            String prefix = "model.layers." + layer + ".";
            tensors.add(new Tensor(prefix + "self_attn.q_proj.weight", heads * headDim, hidden));
            tensors.add(new Tensor(prefix + "self_attn.k_proj.weight", kvHeads * headDim, hidden));
            tensors.add(new Tensor(prefix + "self_attn.v_proj.weight", kvHeads * headDim, hidden));
            tensors.add(new Tensor(prefix + "self_attn.o_proj.weight", hidden, heads * headDim));
            tensors.add(new Tensor(prefix + "mlp.gate_proj.weight", ffn, hidden));
            tensors.add(new Tensor(prefix + "mlp.up_proj.weight", ffn, hidden));
            tensors.add(new Tensor(prefix + "mlp.down_proj.weight", hidden, ffn));
            tensors.add(new Tensor(prefix + "input_layernorm.weight", hidden));
            tensors.add(new Tensor(prefix + "post_attention_layernorm.weight", hidden));
        }
        tensors.add(new Tensor("model.norm.weight", hidden));
        if (!tied) {
            tensors.add(new Tensor("lm_head.weight", vocab, hidden));
        }
        return tensors;
    }

    String generationConfig() {
        return """
                {
                  "bos_token_id": %d,
                  "eos_token_id": %d
                }
                """.formatted(bos, eos);
    }

    String config(DType dtype) {
        String ropeScaling = llama3Factor == 0 ? "null" : """
                {
                    "factor": %s,
                    "high_freq_factor": 4.0,
                    "low_freq_factor": 1.0,
                    "original_max_position_embeddings": 8192,
                    "rope_type": "llama3"
                  }""".formatted(llama3Factor);
        return """
                {
                  "architectures": [
                    "LlamaForCausalLM"
                  ],
                  "attention_bias": false,
                  "attention_dropout": 0.0,
                  "bos_token_id": %d,
                  "eos_token_id": %d,
                  "head_dim": %d,
                  "hidden_act": "silu",
                  "hidden_size": %d,
                  "initializer_range": %s,
                  "intermediate_size": %d,
                  "max_position_embeddings": %d,
                  "mlp_bias": false,
                  "model_type": "llama",
                  "num_attention_heads": %d,
                  "num_hidden_layers": %d,
                  "num_key_value_heads": %d,
                  "rms_norm_eps": 1e-05,
                  "rope_scaling": %s,
                  "rope_theta": %s,
                  "tie_word_embeddings": %b,
                  "torch_dtype": "%s",
                  "use_cache": true,
                  "vocab_size": %d
                }
                """.formatted(bos, eos, headDim, hidden, WEIGHT_STD, ffn, context, heads, layers, kvHeads, ropeScaling,
                ropeTheta, tied, dtype.torchName, vocab);
    }
}
