package dev.twofold.families;

import java.util.Map;
import java.util.Set;

/** Keys in the config.json of the tiny checkpoints whose value changes nothing that is computed. */
final class IdleKeys {

    /** Another value of these changes nothing in a trained model that runs forward, and is no reason to refuse it. */
    private static final Set<String> HARMLESS = Set.of(
            "architectures",
            "attention_dropout",
            "attn_implementation",
            "attn_pdrop",
            "auto_map",
            "cache_implementation",
            "classifier_dropout",
            "dropout",
            "embd_pdrop",
            "embed_dropout",
            "embedding_dropout",
            "for_llm_compressor",
            "gradient_checkpointing",
            "hidden_dropout",
            "init_std",
            "initializer_range",
            "input_jitter_noise",
            "layerdrop",
            "n_ctx",
            "output_router_logits",
            "pretraining_tp",
            "resid_dropout",
            "resid_pdrop",
            "residual_dropout",
            "router_aux_loss_coef",
            "summary_activation",
            "summary_first_dropout",
            "summary_proj_to_labels",
            "summary_type",
            "summary_use_proj",
            "task_specific_params",
            "torch_dtype",
            "transformers_version",
            "use_cache");

    /**
     * Transformers reads none of these for the family, or not with the other values of this config, or a window is longer
     * than the context anyway; so another value may be refused or not.
     */
    private static final Map<String, Set<String>> UNREAD = Map.ofEntries(
            Map.entry(
                    "smollm3", Set.of("no_rope_layer_interval", "layer_types", "max_window_layers", "sliding_window")),
            Map.entry("qwen2", Set.of("max_window_layers", "sliding_window", "use_sliding_window", "use_mrope")),
            Map.entry("qwen3", Set.of("max_window_layers", "sliding_window", "use_sliding_window")),
            Map.entry(
                    "qwen3_moe",
                    Set.of("max_window_layers", "sliding_window", "use_sliding_window", "intermediate_size")),
            Map.entry("qwen3_moe-dense", Set.of("max_window_layers", "sliding_window", "use_sliding_window")),
            Map.entry("arcee", Set.of("rope_scaling")),
            Map.entry("exaone4", Set.of("sliding_window_pattern")),
            Map.entry("exaone4-full", Set.of("layer_types", "sliding_window_pattern")),
            Map.entry("cwm", Set.of("layer_types")),
            Map.entry("dots1", Set.of("max_window_layers", "sliding_window")),
            // There is no tensor of such a layer here.
            Map.entry("deepseek_v3", Set.of("num_nextn_predict_layers")),
            Map.entry(
                    "minimax_m2",
                    Set.of(
                            "attn_type_list",
                            "layernorm_full_attention_beta",
                            "layernorm_linear_attention_beta",
                            "layernorm_mlp_beta",
                            "mlp_intermediate_size",
                            "mtp_transformer_layers",
                            "num_mtp_modules",
                            "router_jitter_noise",
                            "shared_moe_mode",
                            "use_mtp")),
            Map.entry("glm4_moe", Set.of("num_nextn_predict_layers")),
            // The last of all layers, either way.
            Map.entry("ernie4_5_moe", Set.of("moe_layer_end_index")),
            Map.entry("falcon-40b", Set.of("apply_residual_connection_post_layernorm", "multi_query", "parallel_attn")),
            Map.entry("qwen2_moe", Set.of("max_window_layers", "sliding_window")),
            Map.entry("falcon", Set.of("apply_residual_connection_post_layernorm")),
            Map.entry("vaultgemma", Set.of("layer_types")),
            Map.entry(
                    "gpt_bigcode",
                    Set.of(
                            "attention_softmax_in_fp32",
                            "inference_runner",
                            "max_batch_size",
                            "max_sequence_length",
                            "pad_key_length",
                            "pre_allocate_kv_cache",
                            "scale_attention_softmax_in_fp32",
                            "validate_runner_input")),
            Map.entry("phi3", Set.of("attention_bias", "original_max_position_embeddings")),
            Map.entry("phi3-longrope", Set.of("attention_bias", "rope_scaling", "sliding_window")),
            Map.entry(
                    "phi4-mini",
                    Set.of(
                            "attention_bias",
                            "full_attn_mod",
                            "interpolate_factor",
                            "lm_head_bias",
                            "mlp_bias",
                            "rope_scaling",
                            "sliding_window")),
            Map.entry("gemma", Set.of("hidden_act", "hidden_activation")),
            Map.entry("gemma2", Set.of("hidden_act", "sliding_window_size")),
            Map.entry("gemma3", Set.of("attn_logit_softcapping")),
            Map.entry(
                    "starcoder2",
                    Set.of(
                            "activation_function",
                            "attention_softmax_in_fp32",
                            "layer_norm_epsilon",
                            "mlp_type",
                            "norm_type",
                            "scale_attention_softmax_in_fp32",
                            "scale_attn_weights")),
            Map.entry(
                    "cohere2",
                    Set.of(
                            "layer_switch",
                            "order_of_interleaved_layers",
                            "position_embedding_type",
                            "rotary_pct",
                            "use_embedding_sharing",
                            "use_gated_activation",
                            "use_parallel_block",
                            "use_parallel_embedding",
                            "use_qk_norm")),
            // What no class of transformers reads, as beside an alpha the rest of a rope_scaling.
            Map.entry(
                    "hunyuan_v1_dense",
                    Set.of("attention_head_dim", "cla_share_factor", "eod_token_id", "rope_scaling")),
            Map.entry("hunyuan_v1_moe", Set.of("eod_token_id", "rope_scaling")),
            // Its two words for the kind of scaling; of state spaces, and of experts where there are none.
            Map.entry("ministral3", Set.of("rope_parameters")),
            Map.entry(
                    "granitemoehybrid",
                    Set.of(
                            "init_method",
                            "intermediate_size",
                            "layer_types",
                            "mamba_chunk_size",
                            "mamba_conv_bias",
                            "mamba_d_conv",
                            "mamba_d_head",
                            "mamba_d_state",
                            "mamba_expand",
                            "mamba_n_groups",
                            "mamba_n_heads",
                            "mamba_proj_bias",
                            "num_experts_per_tok",
                            "output_router_logits",
                            "router_aux_loss_coef")),
            Map.entry("gpt_oss", Set.of("initial_context_length", "router_aux_loss_coef")),
            // Of training, and in MPT's object of how attention is computed.
            Map.entry(
                    "bloom",
                    Set.of(
                            "attention_softmax_in_fp32",
                            "bias_dropout_fusion",
                            "masked_softmax_fusion",
                            "offset_alibi",
                            "skip_bias_add",
                            "skip_bias_add_qkv",
                            "slow_but_exact",
                            "unk_token_id")),
            Map.entry(
                    "mpt",
                    Set.of(
                            "attn_config",
                            "emb_pdrop",
                            "embedding_fraction",
                            "init_config",
                            "init_device",
                            "learned_pos_emb",
                            "tokenizer_name",
                            "verbose")),
            Map.entry("llama4", Set.of("router_jitter_noise")),
            // Dynamic scaling acts past the context only, LongRoPE's long factors past the short range.
            Map.entry("phimoe", Set.of("sliding_window", "rope_scaling")),
            Map.entry("minicpm", Set.of("mup_denominator", "rope_scaling")),
            Map.entry("internlm2", Set.of("rope_scaling")));

    private IdleKeys() {}

    /** Whether no model depends on it. */
    static boolean changesNothing(String key) {
        return HARMLESS.contains(key);
    }

    /** Whether it need not change what a checkpoint of this name computes. */
    static boolean mayBeUnread(String name, String key) {
        return UNREAD.getOrDefault(name, Set.of()).contains(key);
    }
}
