"""The config.json of tiny checkpoints with options that those of their families leave out; see configs.py."""

from configs import DOTS1, GLM4_MOE, GRANITE4, MINICPM3, family

# With weights of their own, in the directory variants.
VARIANTS = dict([
    # Groups of more than the two experts that say which is best.
    family("glm4_moe-groups", "glm4_moe", "Glm4MoeForCausalLM", GLM4_MOE,
           {"num_hidden_layers": 3, "moe_intermediate_size": 8, "n_routed_experts": 8, "num_experts_per_tok": 3, "n_group": 2,
            "topk_group": 1}),
    family("dots1-groups", "dots1", "Dots1ForCausalLM", DOTS1,
           {"num_hidden_layers": 3, "moe_intermediate_size": 8, "n_routed_experts": 12, "num_experts_per_tok": 3, "n_group": 4,
            "topk_group": 2}),
    # Experts beside the one that every token gets, and no positions.
    family("granitemoehybrid-experts", "granitemoehybrid", "GraniteMoeHybridForCausalLM", GRANITE4,
           {"layer_types": ["full_attention"] * 4, "num_experts_per_tok": 2, "num_local_experts": 4, "intermediate_size": 16,
            "position_embedding_type": "nope", "shared_intermediate_size": 24}),
    # The context of before is in rope_scaling, as published; a factor that is not by how much the context is longer.
    family("minicpm3-longrope", "minicpm3", "MiniCPM3ForCausalLM", MINICPM3,
           {"num_hidden_layers": 2, "rope_scaling": {
               "type": "longrope", "factor": 2.0, "original_max_position_embeddings": 64,
               "short_factor": [1.0 + 0.125 * i for i in range(8)], "long_factor": [1.5 + 0.5 * i for i in range(8)]}}),
])
