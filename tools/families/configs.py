"""The config.json of each tiny checkpoint, in the keys that real checkpoints of its family carry.

Widths are tiny, and values are such that what a family does differently shows: windows shorter than the test,
soft caps that bite, multipliers that are not 1. Head size 16 (32 where half of it is rotated): ONNX Runtime's
GroupQueryAttention rotates only heads of a multiple of 16.
"""

VOCABULARY = 128
WINDOW = 12

COMMON = {
    "vocab_size": VOCABULARY,
    "num_hidden_layers": 4,
    "max_position_embeddings": 256,
    "initializer_range": 0.02,
    "use_cache": True,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "torch_dtype": "bfloat16",
    "transformers_version": "4.57.1",
}

# Four heads of 16 on two KV heads; the stream is as wide as the heads together, or narrower where the family allows it.
GROUPED = {"hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 48}
NARROW = {**GROUPED, "hidden_size": 48, "head_dim": 16}
# Two heads of 16, each with a KV head of its own.
SMALL = {"hidden_size": 32, "num_attention_heads": 2, "num_key_value_heads": 2, "intermediate_size": 48}

SILU = {"hidden_act": "silu"}
RMS = {"rms_norm_eps": 1e-5}


def without(config, *keys):
    return {key: value for key, value in config.items() if key not in keys}


def family(name, model_type, architecture, *parts):
    config = {"architectures": [architecture], "model_type": model_type}
    for part in (COMMON, *parts):
        config.update(part)
    return name, config


NO_DROPOUT = {"attention_dropout": 0.0}
LLAMA_KEYS = {**SILU, **RMS, **NO_DROPOUT, "attention_bias": False, "mlp_bias": False, "pretraining_tp": 1}
QWEN_KEYS = {**SILU, "rms_norm_eps": 1e-6, **NO_DROPOUT, "rope_theta": 1000000.0, "max_window_layers": 28}
PHI_KEYS = {
    **SILU, **RMS, **NO_DROPOUT, "attention_bias": False, "embd_pdrop": 0.0, "resid_pdrop": 0.0, "pad_token_id": 3,
    "rope_theta": 10000.0, "tie_word_embeddings": False, "original_max_position_embeddings": 256,
}
GEMMA_KEYS = {**NO_DROPOUT, "attention_bias": False, "rms_norm_eps": 1e-6, "pad_token_id": 3, "rope_theta": 10000.0}
OLMO_KEYS = {
    **SILU, **NO_DROPOUT, "attention_bias": False, "pad_token_id": 3, "rope_theta": 500000.0,
    "tie_word_embeddings": False,
}
COHERE_KEYS = {
    **SILU, **NO_DROPOUT, "attention_bias": False, "layer_norm_eps": 1e-5, "pad_token_id": 3, "logit_scale": 0.25,
}
NEOX_KEYS = {
    "hidden_act": "gelu", "attention_bias": True, "attention_dropout": 0.0, "hidden_dropout": 0.0,
    "classifier_dropout": 0.1, "layer_norm_eps": 1e-5, "rotary_emb_base": 10000, "rotary_pct": 0.5,
    "rope_scaling": None, "tie_word_embeddings": False,
}
STABLELM_KEYS = {**SILU, **NO_DROPOUT, "hidden_dropout": 0.0, "layer_norm_eps": 1e-5, "rope_theta": 10000}

# Half of each head of 32 is rotated.
GLM = {**SILU, **NO_DROPOUT, "hidden_size": 64, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 32,
       "intermediate_size": 48, "attention_bias": True, "rms_norm_eps": 1.5625e-07, "partial_rotary_factor": 0.5,
       "rope_theta": 10000.0}
NEMOTRON = {"hidden_size": 48, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 32, "intermediate_size": 48}


def longrope(pairs, factor_of):
    """Scaling of the rotary frequencies by factors that differ by pair, in the short range and in the long one."""
    return {
        "original_max_position_embeddings": 64,
        "rope_scaling": {
            "type": "longrope",
            "short_factor": [1.0 + 0.125 * i for i in range(pairs)],
            "long_factor": [factor_of(i) for i in range(pairs)],
        },
    }


HUNYUAN_KEYS = {
    **SILU, **RMS, **NO_DROPOUT, "attention_bias": False, "pad_token_id": 3, "eod_token_id": 3, "rope_theta": 10000.0,
    "rope_scaling": {"alpha": 1000.0, "beta_fast": 32, "beta_slow": 1, "factor": 1.0, "mscale": 1.0, "mscale_all_dim": 1.0,
                     "type": "dynamic"},
}
SIGMOIDS = {"moe_intermediate_size": 24, "n_routed_experts": 4, "num_experts_per_tok": 2, "n_shared_experts": 1, "n_group": 1,
            "topk_group": 1, "norm_topk_prob": True, "routed_scaling_factor": 1.5}

# Heads of 16 elements that turn and 16 that do not, and values of 24.
LATENTS = {"hidden_size": 48, "num_attention_heads": 4, "num_key_value_heads": 4, "intermediate_size": 48, "kv_lora_rank": 32,
           "qk_nope_head_dim": 16, "qk_rope_head_dim": 16, "v_head_dim": 24, "moe_intermediate_size": 16,
           "attention_bias": False, "rope_theta": 10000, "tie_word_embeddings": False}

GLM4_MOE = {
    **SILU, **RMS, **NO_DROPOUT, **SIGMOIDS, "hidden_size": 48, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32,
    "intermediate_size": 48, "attention_bias": True, "first_k_dense_replace": 1, "num_nextn_predict_layers": 1,
    "use_qk_norm": True, "partial_rotary_factor": 0.5, "rope_theta": 1000000, "rope_scaling": None, "pad_token_id": 3,
    "tie_word_embeddings": False,
}
DOTS1 = {
    **GROUPED, **SILU, **RMS, **NO_DROPOUT, **SIGMOIDS, "attention_bias": False, "first_k_dense_replace": 1,
    "n_shared_experts": 2, "routed_scaling_factor": 2.5, "sliding_window": None, "max_window_layers": 62,
    "rope_theta": 10000000, "rope_scaling": None, "tie_word_embeddings": False,
}
MINICPM3 = {
    **without(LATENTS, "moe_intermediate_size"), **SILU, **RMS, **NO_DROPOUT, "q_lora_rank": 24, "v_head_dim": 16, "scale_emb": 3,
    "scale_depth": 1.4, "dim_model_base": 16, "mlp_bias": False, "pretraining_tp": 1, "tie_word_embeddings": True,
    "rope_scaling": None,
}

GPTJ_KEYS = {
    **without(COMMON, "num_hidden_layers", "max_position_embeddings"), "n_embd": 32, "n_head": 2, "n_layer": 4, "n_positions": 256,
    "n_inner": None, "rotary_dim": 8, "activation_function": "gelu_new", "attn_pdrop": 0.0, "embd_pdrop": 0.0, "resid_pdrop": 0.0,
    "layer_norm_epsilon": 1e-5, "tie_word_embeddings": False,
}

GRANITE4 = {
    **SMALL, **SILU, **RMS, **NO_DROPOUT, "num_key_value_heads": 1, "attention_bias": False,
    "attention_multiplier": 0.3, "embedding_multiplier": 3.0, "init_method": "mup", "logits_scaling": 2.0,
    "normalization_function": "rmsnorm", "output_router_logits": False, "residual_multiplier": 0.6, "rope_scaling": None,
    "rope_theta": 10000000, "router_aux_loss_coef": 0.01, "tie_word_embeddings": True, "mamba_chunk_size": 256,
    "mamba_conv_bias": True, "mamba_d_conv": 4, "mamba_d_head": 32, "mamba_d_state": 256, "mamba_expand": 2,
    "mamba_n_groups": 1, "mamba_n_heads": 2, "mamba_proj_bias": False,
}

MINISTRAL3 = {
    "pad_token_id": 11, "sliding_window": None, "tie_word_embeddings": True, "rope_parameters": {
        "type": "yarn", "rope_type": "yarn", "rope_theta": 1000000.0, "factor": 16.0, "beta_fast": 32.0, "beta_slow": 1.0, "mscale": 1.0,
        "mscale_all_dim": 1.0, "llama_4_scaling_beta": 0.1, "original_max_position_embeddings": 8, "max_position_embeddings": 256},
}

FAMILIES = dict([
    family("llama2", "llama", "LlamaForCausalLM", SMALL, LLAMA_KEYS,
           {"rope_scaling": None, "tie_word_embeddings": False}),
    family("llama3.1", "llama", "LlamaForCausalLM", SMALL, LLAMA_KEYS,
           {"num_key_value_heads": 1, "rope_theta": 500000.0, "tie_word_embeddings": False, "eos_token_id": [2, 3],
            "rope_scaling": {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                             "original_max_position_embeddings": 64, "rope_type": "llama3"}}),
    family("llama3.2", "llama", "LlamaForCausalLM", NARROW, LLAMA_KEYS,
           {"rope_theta": 500000.0, "tie_word_embeddings": True,
            "rope_scaling": {"factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                             "original_max_position_embeddings": 64, "rope_type": "llama3"}}),
    family("smollm3", "smollm3", "SmolLM3ForCausalLM", GROUPED, SILU, NO_DROPOUT,
           {"rms_norm_eps": 1e-6, "attention_bias": False, "mlp_bias": False, "pretraining_tp": 2,
            "rope_theta": 5000000.0, "rope_scaling": None, "no_rope_layer_interval": 4,
            "no_rope_layers": [1, 1, 1, 0], "use_sliding_window": False, "sliding_window": None,
            "max_window_layers": 28, "layer_types": ["full_attention"] * 4, "pad_token_id": 3,
            "tie_word_embeddings": True}),
    family("mistral", "mistral", "MistralForCausalLM", NARROW, SILU, RMS, NO_DROPOUT,
           {"rope_theta": 10000.0, "sliding_window": WINDOW, "tie_word_embeddings": False}),
    # An original context that the test is four times as long as.
    family("ministral3", "ministral3", "Ministral3ForCausalLM", NARROW, SILU, RMS, NO_DROPOUT, MINISTRAL3),
    # A vocabulary padded past the tokenizer's, as Qwen's are.
    family("qwen2", "qwen2", "Qwen2ForCausalLM", GROUPED, QWEN_KEYS,
           {"vocab_size": 136, "sliding_window": 32768, "use_sliding_window": False, "use_mrope": False,
            "tie_word_embeddings": True}),
    family("qwen2-sliding", "qwen2", "Qwen2ForCausalLM", SMALL, QWEN_KEYS,
           {"sliding_window": WINDOW, "use_sliding_window": True, "max_window_layers": 2,
            "tie_word_embeddings": False}),
    family("qwen3", "qwen3", "Qwen3ForCausalLM", NARROW, QWEN_KEYS,
           {"attention_bias": False, "rope_scaling": None, "sliding_window": None, "use_sliding_window": False,
            "tie_word_embeddings": True}),
    family("phi3", "phi3", "Phi3ForCausalLM", SMALL, PHI_KEYS, {"rope_scaling": None, "sliding_window": WINDOW}),
    family("phi3-longrope", "phi3", "Phi3ForCausalLM", SMALL, PHI_KEYS, {"sliding_window": 262144},
           longrope(8, lambda i: 1.5 + 0.5 * i)),
    # Phi-4-mini: a part of each head is rotated, tied. One KV head.
    family("phi4-mini", "phi3", "Phi3ForCausalLM", PHI_KEYS,
           {"hidden_size": 64, "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 48,
            "partial_rotary_factor": 0.5, "sliding_window": 262144, "tie_word_embeddings": True,
            "full_attn_mod": 1, "interpolate_factor": 1, "lm_head_bias": False, "mlp_bias": False},
           longrope(8, lambda i: 1.0 + 0.25 * i)),
    family("gemma", "gemma", "GemmaForCausalLM", NARROW, GEMMA_KEYS,
           {"num_key_value_heads": 1, "hidden_act": "gelu", "hidden_activation": None, "rope_scaling": None}),
    family("gemma2", "gemma2", "Gemma2ForCausalLM", NARROW, GEMMA_KEYS,
           {"hidden_act": "gelu_pytorch_tanh", "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": 24,
            "sliding_window": WINDOW, "sliding_window_size": WINDOW, "cache_implementation": "hybrid",
            "attn_logit_softcapping": 2.0, "final_logit_softcapping": 4.0}),
    family("gemma3", "gemma3_text", "Gemma3ForCausalLM", NARROW, GEMMA_KEYS,
           {"num_hidden_layers": 6, "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": 24,
            "sliding_window": WINDOW, "sliding_window_pattern": 6, "cache_implementation": "hybrid",
            "attn_logit_softcapping": None, "final_logit_softcapping": None, "rope_theta": 1000000.0,
            "rope_local_base_freq": 10000.0, "rope_scaling": {"factor": 8.0, "rope_type": "linear"}}),
    family("olmo", "olmo", "OlmoForCausalLM", SMALL, OLMO_KEYS,
           {"rope_theta": 10000.0, "rope_scaling": None, "pretraining_tp": 1, "clip_qkv": None}),
    family("olmo-clipped", "olmo", "OlmoForCausalLM", SMALL, OLMO_KEYS,
           {"rope_theta": 10000.0, "rope_scaling": None, "clip_qkv": 1.5}),
    family("olmo2", "olmo2", "Olmo2ForCausalLM", GROUPED, OLMO_KEYS, {"rms_norm_eps": 1e-6, "rope_scaling": None}),
    # YaRN on the layers of full attention only; the others keep plain frequencies.
    family("olmo3", "olmo3", "Olmo3ForCausalLM", SMALL, OLMO_KEYS,
           {"rms_norm_eps": 1e-6, "sliding_window": WINDOW, "max_position_embeddings": 65536,
            "layer_types": ["sliding_attention"] * 3 + ["full_attention"],
            "rope_scaling": {"rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 8192,
                             "attention_factor": 1.2079441541679836, "beta_fast": 32.0, "beta_slow": 1.0}}),
    family("granite", "granite", "GraniteForCausalLM", GROUPED, SILU, RMS,
           {"attention_bias": False, "mlp_bias": False, "attention_dropout": 0.1, "attention_multiplier": 0.4,
            "embedding_multiplier": 3.0, "logits_scaling": 4.0, "residual_multiplier": 0.6, "pad_token_id": 3,
            "rope_theta": 10000000.0, "rope_scaling": None, "tie_word_embeddings": True}),
    family("starcoder2", "starcoder2", "Starcoder2ForCausalLM", GROUPED,
           {"hidden_act": "gelu_pytorch_tanh", "activation_function": "gelu_pytorch_tanh", "mlp_type": "default",
            "norm_type": "layer_norm", "norm_epsilon": 1e-5, "use_bias": True, "attention_dropout": 0.1,
            "residual_dropout": 0.1, "embedding_dropout": 0.1, "attention_softmax_in_fp32": True,
            "scale_attention_softmax_in_fp32": True, "scale_attn_weights": True, "layer_norm_epsilon": 1e-5,
            "rope_theta": 999999.4420358813, "sliding_window": WINDOW, "tie_word_embeddings": True}),
    family("gpt_neox", "gpt_neox", "GPTNeoXForCausalLM", without(SMALL, "num_key_value_heads"), NEOX_KEYS,
           {"use_parallel_residual": True}),
    family("gpt_neox-sequential", "gpt_neox", "GPTNeoXForCausalLM", without(SMALL, "num_key_value_heads"), NEOX_KEYS,
           {"use_parallel_residual": False}),
    ("gpt2", {
        "activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"], "attn_pdrop": 0.1,
        "bos_token_id": 1, "embd_pdrop": 0.1, "eos_token_id": 2, "initializer_range": 0.02,
        "layer_norm_epsilon": 1e-5, "model_type": "gpt2", "n_ctx": 48, "n_embd": 32, "n_head": 2, "n_layer": 4,
        "n_positions": 48, "resid_pdrop": 0.1, "summary_activation": None, "summary_first_dropout": 0.1,
        "summary_proj_to_labels": True, "summary_type": "cls_index", "summary_use_proj": True,
        "task_specific_params": {"text-generation": {"do_sample": True, "max_length": 50}},
        "vocab_size": VOCABULARY,
    }),
    family("cohere", "cohere", "CohereForCausalLM", SMALL, COHERE_KEYS,
           {"rope_theta": 8000000.0, "use_qk_norm": False}),
    family("cohere-plus", "cohere", "CohereForCausalLM", GROUPED, COHERE_KEYS,
           {"rope_theta": 75000000.0, "use_qk_norm": True}),
    family("cohere2", "cohere2", "Cohere2ForCausalLM", GROUPED, COHERE_KEYS,
           {"rope_theta": 50000.0, "rope_scaling": None, "sliding_window": WINDOW, "sliding_window_pattern": 4,
            "head_dim": 16, "order_of_interleaved_layers": "local_attn_first", "rotary_pct": 1.0,
            "position_embedding_type": "rope_gptj", "use_embedding_sharing": True, "use_gated_activation": True,
            "use_parallel_block": True, "use_parallel_embedding": False, "use_qk_norm": False,
            "cache_implementation": "hybrid", "layer_switch": 4}),
    family("stablelm", "stablelm", "StableLmForCausalLM", SMALL, STABLELM_KEYS,
           {"partial_rotary_factor": 0.25, "use_qkv_bias": True, "tie_word_embeddings": False}),
    family("stablelm-12b", "stablelm", "StableLmForCausalLM", GROUPED, STABLELM_KEYS,
           {"partial_rotary_factor": 0.5, "use_qkv_bias": False, "qk_layernorm": True, "use_parallel_residual": True,
            "rope_scaling": None, "tie_word_embeddings": False}),
    family("internlm2", "internlm2", "InternLM2ForCausalLM", GROUPED, SILU, RMS,
           {"attn_implementation": "eager", "bias": False, "pad_token_id": 2, "rope_theta": 1000000,
            "rope_scaling": {"type": "dynamic", "factor": 2.0}, "tie_word_embeddings": False,
            "auto_map": {"AutoConfig": "configuration_internlm2.InternLM2Config",
                         "AutoModelForCausalLM": "modeling_internlm2.InternLM2ForCausalLM"}}),
    family("qwen3_moe", "qwen3_moe", "Qwen3MoeForCausalLM", NARROW, QWEN_KEYS,
           {"attention_bias": False, "decoder_sparse_step": 1, "mlp_only_layers": [], "moe_intermediate_size": 24,
            "norm_topk_prob": True, "num_experts": 4, "num_experts_per_tok": 2, "output_router_logits": False,
            "rope_scaling": None, "router_aux_loss_coef": 0.001, "sliding_window": None,
            "use_sliding_window": False, "tie_word_embeddings": False}),
    family("olmoe", "olmoe", "OlmoeForCausalLM", SMALL, OLMO_KEYS,
           {**RMS, "intermediate_size": 24, "clip_qkv": None, "norm_topk_prob": False, "num_experts": 4,
            "num_experts_per_tok": 2, "output_router_logits": False, "rope_theta": 10000.0, "rope_scaling": None,
            "router_aux_loss_coef": 0.01}),
    family("mixtral", "mixtral", "MixtralForCausalLM", SMALL, SILU, RMS, NO_DROPOUT,
           {"intermediate_size": 32, "num_experts_per_tok": 2, "num_local_experts": 4, "output_router_logits": False,
            "rope_theta": 1000000.0, "router_aux_loss_coef": 0.02, "sliding_window": None,
            "tie_word_embeddings": False}),
    # Two layers of four have no experts.
    family("qwen3_moe-dense", "qwen3_moe", "Qwen3MoeForCausalLM", NARROW, QWEN_KEYS,
           {"attention_bias": False, "decoder_sparse_step": 2, "mlp_only_layers": [3], "moe_intermediate_size": 24,
            "norm_topk_prob": True, "num_experts": 4, "num_experts_per_tok": 2, "output_router_logits": False,
            "rope_scaling": None, "router_aux_loss_coef": 0.001, "sliding_window": None,
            "use_sliding_window": False, "tie_word_embeddings": True}),
    family("glm", "glm", "GlmForCausalLM", GLM, {"pad_token_id": 3, "tie_word_embeddings": False}),
    family("glm4", "glm4", "Glm4ForCausalLM", GLM, {"pad_token_id": 3, "tie_word_embeddings": False}),
    family("ernie4_5", "ernie4_5", "Ernie4_5ForCausalLM", NARROW, SILU, RMS,
           {"use_bias": False, "pad_token_id": 0, "rope_theta": 500000.0, "rope_scaling": None,
            "tie_word_embeddings": True}),
    family("seed_oss", "seed_oss", "SeedOssForCausalLM", NARROW, SILU, NO_DROPOUT,
           {"rms_norm_eps": 1e-6, "attention_bias": True, "attention_out_bias": False, "mlp_bias": False,
            "residual_dropout": 0.1, "rope_theta": 10000000.0, "rope_scaling": {"rope_type": "default"},
            "pad_token_id": 1, "tie_word_embeddings": False}),
    family("helium", "helium", "HeliumForCausalLM", GROUPED, SILU, NO_DROPOUT,
           {"rms_norm_eps": 1e-8, "head_dim": 16, "attention_bias": False, "mlp_bias": False, "pad_token_id": 3,
            "rope_theta": 100000.0, "tie_word_embeddings": False}),
    family("cwm", "cwm", "CwmForCausalLM", NARROW, SILU, RMS, NO_DROPOUT,
           {"mlp_bias": False, "pretraining_tp": 1, "rope_theta": 1000000.0,
            "rope_scaling": {"factor": 16.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
                             "original_max_position_embeddings": 64, "rope_type": "llama3"},
            "sliding_window": WINDOW, "layer_types": ["full_attention"] + ["sliding_attention"] * 3,
            "tie_word_embeddings": False}),
    # As the large one, and without windows as the small one.
    family("exaone4", "exaone4", "Exaone4ForCausalLM", NARROW, SILU, RMS, NO_DROPOUT,
           {"rope_theta": 1000000.0, "rope_scaling": None, "sliding_window": WINDOW, "sliding_window_pattern": "LLLG",
            "layer_types": ["sliding_attention"] * 3 + ["full_attention"], "pad_token_id": 0,
            "tie_word_embeddings": False}),
    family("exaone4-full", "exaone4", "Exaone4ForCausalLM", GROUPED, SILU, RMS, NO_DROPOUT,
           {"rope_theta": 1000000.0, "rope_scaling": None, "sliding_window": None, "sliding_window_pattern": None,
            "layer_types": ["full_attention"] * 4, "pad_token_id": 0, "tie_word_embeddings": True}),
    family("exaone", "exaone", "ExaoneForCausalLM", GROUPED, NO_DROPOUT,
           {"activation_function": "silu", "embed_dropout": 0.0, "head_dim": 16, "layer_norm_epsilon": 1e-5,
            "num_layers": 4, "rope_theta": 1000000.0, "rope_scaling": None, "pad_token_id": 0,
            "tie_word_embeddings": True,
            "auto_map": {"AutoConfig": "configuration_exaone.ExaoneConfig",
                         "AutoModelForCausalLM": "modeling_exaone.ExaoneForCausalLM"}}),
    family("arcee", "arcee", "ArceeForCausalLM", NARROW, RMS, NO_DROPOUT,
           {"hidden_act": "relu2", "attention_bias": False, "mlp_bias": False, "rope_theta": 10000.0,
            "rope_scaling": {"rope_type": "yarn", "factor": 20.0, "original_max_position_embeddings": 64,
                             "beta_fast": 32.0, "beta_slow": 1.0, "mscale": 1.0},
            "max_position_embeddings": 1280, "tie_word_embeddings": False}),
    family("nemotron", "nemotron", "NemotronForCausalLM", NEMOTRON, NO_DROPOUT,
           {"hidden_act": "relu2", "norm_eps": 1e-5, "attention_bias": False, "mlp_bias": False,
            "partial_rotary_factor": 0.5, "rope_theta": 10000.0, "tie_word_embeddings": False}),
    family("falcon", "falcon", "FalconForCausalLM",
           {"hidden_size": 64, "num_attention_heads": 4, "alibi": False, "apply_residual_connection_post_layernorm": False,
            "attention_dropout": 0.0, "bias": False, "hidden_dropout": 0.0, "layer_norm_epsilon": 1e-5,
            "multi_query": True, "new_decoder_architecture": False, "parallel_attn": True}),
    family("granitemoe", "granitemoe", "GraniteMoeForCausalLM", GROUPED, SILU,
           {"rms_norm_eps": 1e-6, "intermediate_size": 32, "attention_bias": False, "attention_dropout": 0.1,
            "attention_multiplier": 0.4, "embedding_multiplier": 3.0, "logits_scaling": 4.0, "residual_multiplier": 0.6,
            "num_local_experts": 4, "num_experts_per_tok": 2, "output_router_logits": False,
            "router_aux_loss_coef": 0.001, "pad_token_id": 3, "rope_theta": 10000.0, "rope_scaling": None,
            "tie_word_embeddings": True}),
    family("vaultgemma", "vaultgemma", "VaultGemmaForCausalLM", NARROW, GEMMA_KEYS,
           {"num_key_value_heads": 4, "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": 24,
            "sliding_window": WINDOW, "attn_logit_softcapping": None, "final_logit_softcapping": None,
            "layer_types": ["full_attention", "sliding_attention"] * 2}),
    ("gpt_bigcode", {
        "activation_function": "gelu_pytorch_tanh", "architectures": ["GPTBigCodeForCausalLM"],
        "attention_softmax_in_fp32": True, "attn_pdrop": 0.1, "bos_token_id": 1, "embd_pdrop": 0.1, "eos_token_id": 2,
        "inference_runner": 0, "initializer_range": 0.02, "layer_norm_epsilon": 1e-5, "max_batch_size": None,
        "max_sequence_length": None, "model_type": "gpt_bigcode", "multi_query": True, "n_embd": 32, "n_head": 2,
        "n_inner": 48, "n_layer": 4, "n_positions": 48, "pad_key_length": True, "pre_allocate_kv_cache": False,
        "resid_pdrop": 0.1, "scale_attention_softmax_in_fp32": True, "scale_attn_weights": True,
        "summary_activation": None, "summary_first_dropout": 0.1, "summary_proj_to_labels": True,
        "summary_type": "cls_index", "summary_use_proj": True, "validate_runner_input": True,
        "vocab_size": VOCABULARY,
    }),
    # Two layers of four have no experts.
    family("qwen2_moe", "qwen2_moe", "Qwen2MoeForCausalLM", GROUPED, QWEN_KEYS,
           {"decoder_sparse_step": 1, "mlp_only_layers": [1], "moe_intermediate_size": 24, "norm_topk_prob": False,
            "shared_expert_intermediate_size": 40, "num_experts": 4, "num_experts_per_tok": 2, "qkv_bias": True,
            "output_router_logits": False, "router_aux_loss_coef": 0.001, "sliding_window": 32768,
            "use_sliding_window": False, "tie_word_embeddings": False}),
    # As 4.5, and as Air, which has no norms of heads. The layers that predict further tokens are not in transformers' files.
    family("glm4_moe", "glm4_moe", "Glm4MoeForCausalLM", GLM4_MOE),
    family("dots1", "dots1", "Dots1ForCausalLM", DOTS1),
    family("ernie4_5_moe", "ernie4_5_moe", "Ernie4_5_MoeForCausalLM", GROUPED, SILU, RMS,
           {"moe_num_experts": 4, "moe_k": 2, "moe_intermediate_size": 24, "moe_num_shared_experts": 2,
            "moe_layer_start_index": 1, "moe_layer_end_index": 3, "moe_layer_interval": 1, "use_bias": False,
            "rope_theta": 500000.0, "pad_token_id": 0, "tie_word_embeddings": True}),
    family("phi", "phi", "PhiForCausalLM", NO_DROPOUT,
           {"hidden_size": 64, "num_attention_heads": 2, "num_key_value_heads": 2, "intermediate_size": 48,
            "embd_pdrop": 0.0, "resid_pdrop": 0.1, "hidden_act": "gelu_new", "layer_norm_eps": 1e-5,
            "partial_rotary_factor": 0.5, "qk_layernorm": False, "rope_theta": 10000.0, "rope_scaling": None,
            "tie_word_embeddings": False}),
    family("apertus", "apertus", "ApertusForCausalLM", GROUPED, RMS, NO_DROPOUT,
           {"hidden_act": "xielu", "attention_bias": False, "mlp_bias": False, "post_norm": False, "qk_norm": True,
            "pad_token_id": 3, "rope_theta": 12000000.0, "tie_word_embeddings": False,
            "rope_scaling": {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                             "original_max_position_embeddings": 64, "rope_type": "llama3"}}),
    family("hunyuan_v1_dense", "hunyuan_v1_dense", "HunYuanDenseV1ForCausalLM", NARROW, HUNYUAN_KEYS,
           {"attention_head_dim": 16, "mlp_bias": False, "use_qk_norm": True, "use_cla": False, "cla_share_factor": 2,
            "tie_word_embeddings": True}),
    # Its sizes of experts are lists, of a number for each layer.
    family("hunyuan_v1_moe", "hunyuan_v1_moe", "HunYuanMoEV1ForCausalLM", NARROW, HUNYUAN_KEYS,
           {"num_experts": 4, "moe_topk": [2, 2, 2, 2], "intermediate_size": 32, "tie_word_embeddings": True}),
    # As 20B, but that the limit bites: YaRN without rounding, windows in every second layer.
    family("gpt_oss", "gpt_oss", "GptOssForCausalLM", GROUPED, SILU, RMS, NO_DROPOUT,
           {"head_dim": 16, "intermediate_size": 32, "attention_bias": True, "num_local_experts": 4, "num_experts_per_tok": 2,
            "experts_per_token": 2, "initial_context_length": 64, "swiglu_limit": 1.5, "sliding_window": WINDOW,
            "layer_types": ["sliding_attention", "full_attention"] * 2, "output_router_logits": False,
            "router_aux_loss_coef": 0.9, "pad_token_id": 3, "rope_theta": 150000.0, "tie_word_embeddings": False,
            "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64, "beta_fast": 4.0,
                             "beta_slow": 1.0, "truncate": False}}),
    # No latent of queries, as V2 Lite has none; groups by their largest probability.
    family("deepseek_v2", "deepseek_v2", "DeepseekV2ForCausalLM", LATENTS, SILU, RMS, NO_DROPOUT,
           {"q_lora_rank": None, "first_k_dense_replace": 2, "moe_layer_freq": 1, "n_routed_experts": 8,
            "num_experts_per_tok": 3, "n_shared_experts": 2, "n_group": 4, "topk_group": 2,
            "topk_method": "group_limited_greedy", "scoring_func": "softmax", "norm_topk_prob": False,
            "routed_scaling_factor": 2.0, "rope_scaling": None}),
    # The longer context of published ones, but that its two weights differ, so that cosines are stretched as well.
    family("deepseek_v3", "deepseek_v3", "DeepseekV3ForCausalLM", LATENTS, SILU, RMS, NO_DROPOUT,
           {"q_lora_rank": 24, "first_k_dense_replace": 2, "moe_layer_freq": 1, "n_routed_experts": 8,
            "num_experts_per_tok": 3, "n_shared_experts": 1, "n_group": 4, "topk_group": 2, "topk_method": "noaux_tc",
            "scoring_func": "sigmoid", "norm_topk_prob": True, "routed_scaling_factor": 2.5, "num_nextn_predict_layers": 1,
            "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64, "beta_fast": 3,
                             "beta_slow": 1, "mscale": 1.0, "mscale_all_dim": 0.8}}),
    family("minicpm3", "minicpm3", "MiniCPM3ForCausalLM", MINICPM3),
    family("granitemoehybrid", "granitemoehybrid", "GraniteMoeHybridForCausalLM", GRANITE4,
           {"layer_types": ["attention"] * 4, "num_experts_per_tok": 0, "num_local_experts": 0,
            "position_embedding_type": "rope", "shared_intermediate_size": 48}),
    ("gptj", {"architectures": ["GPTJForCausalLM"], "model_type": "gptj", **GPTJ_KEYS}),
    # Four heads, of which each of the four parts of its matrix has one.
    ("codegen", {"architectures": ["CodeGenForCausalLM"], "model_type": "codegen", "n_ctx": 256, **GPTJ_KEYS, "n_head": 4, "n_inner": 48, "rotary_dim": 4}),
    family("opt", "opt", "OPTForCausalLM",
           {"hidden_size": 32, "num_attention_heads": 2, "ffn_dim": 48, "word_embed_proj_dim": 32, "activation_function": "relu",
            "do_layer_norm_before": True, "_remove_final_layer_norm": False, "dropout": 0.1, "attention_dropout": 0.0,
            "layerdrop": 0.0, "init_std": 0.02, "pad_token_id": 3}),
    # As published ones, which say twice which layers have a window.
    ("gpt_neo", {
        "architectures": ["GPTNeoForCausalLM"], "model_type": "gpt_neo", **without(COMMON, "num_hidden_layers"), "hidden_size": 32,
        "max_position_embeddings": 48, "num_heads": 2, "num_layers": 4, "intermediate_size": None, "attention_types": [[["global", "local"], 2]],
        "attention_layers": ["global", "local"] * 2, "window_size": WINDOW, "activation_function": "gelu_new",
        "attention_dropout": 0, "embed_dropout": 0, "resid_dropout": 0, "gradient_checkpointing": False,
        "layer_norm_epsilon": 1e-5, "summary_activation": None, "summary_first_dropout": 0.1,
        "summary_proj_to_labels": True, "summary_type": "cls_index", "summary_use_proj": True,
    }),
    family("falcon-40b", "falcon", "FalconForCausalLM",
           {"hidden_size": 64, "num_attention_heads": 4, "num_kv_heads": 2, "alibi": False,
            "apply_residual_connection_post_layernorm": False, "attention_dropout": 0.0, "bias": False,
            "hidden_dropout": 0.0, "layer_norm_epsilon": 1e-5, "multi_query": True, "new_decoder_architecture": True,
            "parallel_attn": True}),
])
