"""The config.json of a tiny checkpoint of Phi 3.5 MoE, in the keys that published ones carry; see configs.py."""

from configs import NO_DROPOUT, RMS, SILU, SMALL, family

# A limit that leaves some experts out and some in; transformers 5.24 has the long mscale, but the short factors, past the short range.
FAMILIES = dict([
    family("phimoe", "phimoe", "PhimoeForCausalLM", SMALL, SILU, RMS, NO_DROPOUT,
           {"attention_bias": True, "hidden_dropout": 0.0, "input_jitter_noise": 0.01, "intermediate_size": 16, "lm_head_bias": True,
            "num_experts_per_tok": 2, "num_key_value_heads": 1, "num_local_experts": 4, "original_max_position_embeddings": 64,
            "output_router_logits": False, "rope_theta": 10000.0, "router_aux_loss_coef": 0.0, "router_jitter_noise": 0.25,
            "sliding_window": 256, "tie_word_embeddings": False,
            "rope_scaling": {"type": "longrope", "original_max_position_embeddings": 64, "short_mscale": 1.125, "long_mscale": 1.25,
                             "short_factor": [1.0 + 0.125 * i for i in range(8)], "long_factor": [1.5 + 0.5 * i for i in range(8)]},
            "auto_map": {"AutoConfig": "configuration_phimoe.PhiMoEConfig", "AutoModelForCausalLM": "modeling_phimoe.PhiMoEForCausalLM"}}),
])
