"""The config.json of a tiny checkpoint of MiniMax M2, in the keys that published ones carry; see configs.py."""

from configs import NO_DROPOUT, SILU, SMALL, family

FAMILIES = dict([
    # Half of each head of 32 turns.
    family("minimax_m2", "minimax_m2", "MiniMaxM2ForCausalLM", SMALL, SILU, NO_DROPOUT,
           {"attn_type_list": [1, 1, 1, 1], "head_dim": 32, "intermediate_size": 16, "layernorm_full_attention_beta": 1.0,
            "layernorm_linear_attention_beta": 1.0, "layernorm_mlp_beta": 1.0, "mlp_intermediate_size": 48, "mtp_transformer_layers": 1,
            "num_experts_per_tok": 2, "num_local_experts": 4, "num_mtp_modules": 3, "output_router_logits": False,
            "qk_norm_type": "per_layer", "rms_norm_eps": 1e-6, "rope_theta": 5000000, "rotary_dim": 16,
            "router_aux_loss_coef": 0.001, "router_jitter_noise": 0.0, "scoring_func": "sigmoid", "shared_intermediate_size": 0,
            "shared_moe_mode": "sigmoid", "sliding_window": None, "tie_word_embeddings": False, "use_mtp": True,
            "use_qk_norm": True, "use_routing_bias": True}),
])
