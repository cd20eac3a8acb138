package dev.twofold.checkpoint;

import dev.twofold.decoder.Rotary;
import dev.twofold.diag.TwofoldException;
import java.util.List;
import java.util.Set;

/** What config.json says of a model of the Llama family, checked key by key. */
record LlamaConfig(
        int layers,
        int hidden,
        int heads,
        int kvHeads,
        int headSize,
        int feedForward,
        int vocabulary,
        int context,
        double epsilon,
        boolean tied,
        boolean attentionBias,
        boolean mlpBias,
        Rotary rotary,
        List<Integer> beginTokens,
        List<Integer> endTokens) {

    /** What transformers assumes when config.json does not say. */
    private static final double DEFAULT_EPSILON = 1e-6;

    /** Keys that describe the training, the files or the library, not the computation. */
    private static final Set<String> HARMLESS = Set.of(
            "_attn_implementation_autoset",
            "_name_or_path",
            "architectures",
            "attention_dropout",
            "dtype",
            "hidden_dropout",
            "initializer_range",
            "max_length",
            "max_sequence_length",
            "is_llama_config",
            "pad_token_id",
            "pretraining_tp",
            "tokenizer_class",
            "torch_dtype",
            "transformers.js_config",
            "transformers_version",
            "unsloth_fixed",
            "unsloth_version",
            "use_cache");

    static LlamaConfig read(ConfigFile config) {
        refuseCustomCode(config);
        config.text("hidden_act")
                .filter(activation -> !activation.equals("silu"))
                .ifPresent(activation -> {
                    throw config.wrong("hidden_act", "unsupported activation")
                            .found(activation)
                            .expected("silu");
                });
        config.texts("layer_types").stream()
                .filter(type -> !type.equals("full_attention"))
                .findFirst()
                .ifPresent(type -> {
                    throw config.wrong("layer_types", "unsupported kind of layer")
                            .found(type)
                            .expected("full_attention");
                });
        int hidden = config.positive("hidden_size");
        int heads = config.positive("num_attention_heads");
        int kvHeads = config.positiveIfPresent("num_key_value_heads").orElse(heads);
        if (heads % kvHeads != 0) {
            throw config.wrong("num_key_value_heads", "the query heads do not divide among the KV heads")
                    .found(heads + " query heads, " + kvHeads + " KV heads");
        }
        int headSize = config.positiveIfPresent("head_dim").orElseGet(() -> derivedHeadSize(config, hidden, heads));
        int vocabulary = config.positive("vocab_size");
        int context = config.positive("max_position_embeddings");
        LlamaConfig read = new LlamaConfig(
                config.positive("num_hidden_layers"),
                hidden,
                heads,
                kvHeads,
                headSize,
                config.positive("intermediate_size"),
                vocabulary,
                context,
                config.positiveNumberIfPresent("rms_norm_eps").orElse(DEFAULT_EPSILON),
                config.flag("tie_word_embeddings", false),
                config.flag("attention_bias", false),
                config.flag("mlp_bias", false),
                RotaryConfig.read(config, headSize, context),
                config.tokens("bos_token_id", vocabulary),
                config.tokens("eos_token_id", vocabulary));
        config.refuseOthers(HARMLESS);
        return read;
    }

    private static void refuseCustomCode(ConfigFile config) {
        config.object("quantization_config").ifPresent(quantization -> {
            throw config.wrong("quantization_config", "quantised checkpoints are not supported")
                    .found(quantization.text("quant_method").orElse("a quantised checkpoint"))
                    .hint("convert the original checkpoint in bf16, fp16 or fp32");
        });
        config.object("auto_map").ifPresent(map -> {
            throw config.wrong("auto_map", "the checkpoint brings its own code, which Twofold does not run")
                    .hint("use a checkpoint of a family that Hugging Face transformers has built in");
        });
    }

    private static int derivedHeadSize(ConfigFile config, int hidden, int heads) {
        if (hidden % heads != 0) {
            throw config.wrong("num_attention_heads", "the hidden size does not divide among the heads")
                    .found("hidden_size " + hidden + ", " + heads + " heads")
                    .hint("a checkpoint with such sizes gives head_dim");
        }
        return hidden / heads;
    }

    /** The error for a family that is not read yet. */
    static TwofoldException unsupportedFamily(ConfigFile config, String found) {
        return config.wrong("model_type", "unsupported model family")
                .found(found)
                .expected("llama")
                .hint("convert a checkpoint of the Llama family (Llama 2 and 3, SmolLM, TinyLlama and others)");
    }
}
