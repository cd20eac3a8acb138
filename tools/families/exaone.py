"""EXAONE 3, which transformers does not contain: a Llama under other names."""

import json

from safetensors.torch import load_file
from transformers import LlamaConfig, LlamaForCausalLM

NAMES = [
    ("model.embed_tokens.", "transformer.wte."),
    ("model.norm.", "transformer.ln_f."),
    ("model.layers.", "transformer.h."),
    (".input_layernorm.", ".ln_1."),
    (".post_attention_layernorm.", ".ln_2."),
    (".self_attn.o_proj.", ".attn.attention.out_proj."),
    (".self_attn.", ".attn.attention."),
    (".mlp.gate_proj.", ".mlp.c_fc_0."),
    (".mlp.up_proj.", ".mlp.c_fc_1."),
    (".mlp.down_proj.", ".mlp.c_proj."),
]
KEYS = {"num_layers": "num_hidden_layers", "activation_function": "hidden_act", "layer_norm_epsilon": "rms_norm_eps"}


def as_transformers(config):
    other = {KEYS.get(key, key): value for key, value in config.items() if key not in ("auto_map", "embed_dropout")}
    return {**other, "model_type": "llama", "architectures": ["LlamaForCausalLM"]}


def from_transformers(tensors, config):
    return renamed(tensors, NAMES)


def renamed(tensors, names):
    result = {}
    for key, tensor in tensors.items():
        for old, new in names:
            key = key.replace(old, new)
        result[key] = tensor
    return result


def model(directory, config):
    """The equal Llama, from the stored checkpoint."""
    llama = LlamaForCausalLM(LlamaConfig(**as_transformers(config), attn_implementation="eager"))
    tensors = renamed(load_file(directory / "model.safetensors"), [(new, old) for old, new in NAMES])
    llama.load_state_dict({**tensors, "lm_head.weight": tensors["model.embed_tokens.weight"]})
    return llama.double()
