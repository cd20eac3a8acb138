"""InternLM2, which transformers does not contain: a Llama under other names, with q, k and v in one matrix.

Its rows go KV head by KV head: the query heads of the group, then the key head, then the value head.
"""

import json

import torch
from safetensors.torch import load_file
from transformers import LlamaConfig, LlamaForCausalLM

NAMES = [
    ("model.embed_tokens.", "model.tok_embeddings."),
    ("lm_head.", "output."),
    (".self_attn.o_proj.", ".attention.wo."),
    (".mlp.gate_proj.", ".feed_forward.w1."),
    (".mlp.up_proj.", ".feed_forward.w3."),
    (".mlp.down_proj.", ".feed_forward.w2."),
    (".input_layernorm.", ".attention_norm."),
    (".post_attention_layernorm.", ".ffn_norm."),
]


def as_transformers(config):
    """The config of the equal Llama; any other config as it is. Dynamic scaling only acts past the context."""
    if config["model_type"] != "internlm2":
        return config
    other = {key: value for key, value in config.items() if key not in ("auto_map", "bias", "attn_implementation")}
    return {**other, "model_type": "llama", "architectures": ["LlamaForCausalLM"], "rope_scaling": None}


def from_transformers(tensors, config):
    heads, groups = config["num_attention_heads"], config["num_key_value_heads"]
    size = config["hidden_size"] // heads
    result = {}
    for key, tensor in tensors.items():
        if ".q_proj." in key:
            k, v = (tensors[key.replace("q_proj", part)] for part in ("k_proj", "v_proj"))
            parts = [part.view(groups, -1, size, part.shape[-1]) for part in (tensor, k, v)]
            fused = torch.cat(parts, dim=1).reshape(-1, tensor.shape[-1])
            result[key.replace("self_attn.q_proj", "attention.wqkv")] = fused
        elif ".k_proj." not in key and ".v_proj." not in key:
            for old, new in NAMES:
                key = key.replace(old, new)
            result[key] = tensor
    return result


def to_llama(tensors, config):
    heads, groups = config["num_attention_heads"], config["num_key_value_heads"]
    size = config["hidden_size"] // heads
    result = {}
    for key, tensor in tensors.items():
        if ".wqkv." in key:
            grouped = tensor.view(groups, heads // groups + 2, size, tensor.shape[-1])
            parts = {"q_proj": grouped[:, :-2], "k_proj": grouped[:, -2:-1], "v_proj": grouped[:, -1:]}
            for part, rows in parts.items():
                result[key.replace("attention.wqkv", "self_attn." + part)] = rows.reshape(-1, tensor.shape[-1])
        else:
            for old, new in NAMES:
                key = key.replace(new, old)
            result[key] = tensor
    return result


def model(directory, config):
    """The equal Llama, from the stored checkpoint."""
    llama = LlamaForCausalLM(LlamaConfig(**as_transformers(json.loads((directory / "config.json").read_text())),
                                         attn_implementation="eager"))
    llama.load_state_dict(to_llama(load_file(directory / "model.safetensors"), config))
    return llama.to(torch.float64)
