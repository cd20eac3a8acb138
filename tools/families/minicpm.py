"""MiniCPM, which transformers 5.24 does not contain: a Granite under other names of its multipliers."""

import math

from safetensors.torch import load_file
from transformers import GraniteConfig, GraniteForCausalLM

from configs import NO_DROPOUT, RMS, SILU, SMALL, family

# As MiniCPM 4, whose context is the one before LongRoPE.
FAMILIES = dict([
    family("minicpm", "minicpm", "MiniCPMForCausalLM", SMALL, SILU, RMS, NO_DROPOUT,
           {"attention_bias": False, "dim_model_base": 16, "mup_denominator": 32, "num_key_value_heads": 1, "pad_token_id": 2,
            "pretraining_tp": 1, "rope_theta": 10000.0, "scale_depth": 1.4, "scale_emb": 3, "tie_word_embeddings": False,
            "rope_scaling": {"rope_type": "longrope", "original_max_position_embeddings": 256,
                             "long_factor": [1.5 + 0.5 * i for i in range(8)], "short_factor": [1.0 + 0.125 * i for i in range(8)]},
            "auto_map": {"AutoConfig": "configuration_minicpm.MiniCPMConfig",
                         "AutoModelForCausalLM": "modeling_minicpm.MiniCPMForCausalLM"}}),
])

OWN_KEYS = ("auto_map", "dim_model_base", "mup_denominator", "scale_depth", "scale_emb")


def as_transformers(config):
    """The config of the equal Granite."""
    other = {key: value for key, value in config.items() if key not in OWN_KEYS}
    return {**other, "model_type": "granite", "architectures": ["GraniteForCausalLM"],
            "attention_multiplier": (config["hidden_size"] / config["num_attention_heads"]) ** -0.5,
            "embedding_multiplier": config["scale_emb"],
            "logits_scaling": config["hidden_size"] / config["dim_model_base"],
            "residual_multiplier": config["scale_depth"] / math.sqrt(config["num_hidden_layers"])}


def from_transformers(tensors, config):
    return tensors


def model(directory, config):
    """The equal Granite, from the stored checkpoint."""
    granite = GraniteForCausalLM(GraniteConfig(**as_transformers(config), attn_implementation="eager"))
    granite.load_state_dict(load_file(directory / "model.safetensors"))
    return granite.double()
