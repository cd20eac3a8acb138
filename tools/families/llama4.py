"""The config.json of tiny checkpoints of Llama 4, in the keys that published ones carry; see configs.py."""

from configs import NARROW, NO_DROPOUT, RMS, SILU, family

# Chunks that do not divide the test, temperatures that rise within it, and frequencies as published, with nothing to blend.
LLAMA4 = {
    **SILU, **RMS, **NO_DROPOUT, "attention_bias": False, "attention_chunk_size": 12, "attn_scale": 0.5,
    "attn_temperature_tuning": True, "cache_implementation": "hybrid", "floor_scale": 8, "for_llm_compressor": False,
    "interleave_moe_layer_step": 2, "intermediate_size": 32, "intermediate_size_mlp": 48, "no_rope_layers": [],
    "num_experts_per_tok": 1, "num_local_experts": 4, "output_router_logits": False, "pad_token_id": 3,
    "router_aux_loss_coef": 0.001, "router_jitter_noise": 0.0, "rope_theta": 500000.0, "tie_word_embeddings": False,
    "rope_scaling": {"factor": 16.0, "high_freq_factor": 1.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 64,
                     "rope_type": "llama3"},
    "use_qk_norm": True,
}

FAMILIES = dict([
    family("llama4", "llama4_text", "Llama4ForCausalLM", NARROW, LLAMA4),
])

# What may be listed is; two experts a token, and no norms of queries and keys, as Maverick has none.
VARIANTS = dict([
    family("llama4-listed", "llama4_text", "Llama4ForCausalLM", NARROW, LLAMA4,
           {"num_experts_per_tok": 2, "moe_layers": [0, 1, 3], "no_rope_layers": [1, 0, 1, 1], "use_qk_norm": False,
            "layer_types": ["full_attention", "chunked_attention", "chunked_attention", "chunked_attention"]}),
])
