"""What published checkpoints carry beside the weights, and the names they use where transformers now writes others."""

import torch


def published(config, tensors):
    layers = range(next(config[key] for key in ("num_hidden_layers", "n_layer", "n_layers", "num_layers") if key in config))
    if config["model_type"] == "gpt2":
        # The first GPT-2 files: no prefix, no head, and the causal mask of every layer.
        size = config["n_positions"]
        tensors = {key.removeprefix("transformer."): value for key, value in tensors.items() if key != "lm_head.weight"}
        for layer in layers:
            tensors[f"h.{layer}.attn.bias"] = torch.ones(size, size, dtype=torch.bfloat16).tril().view(1, 1, size, size)
    elif config["model_type"] == "gpt_neox":
        # Pythia: the causal mask, its fill value and the rotary frequencies.
        size, half = 64, int(config["rotary_pct"] * config["hidden_size"] / config["num_attention_heads"]) // 2
        for layer in layers:
            prefix = f"gpt_neox.layers.{layer}.attention."
            tensors[prefix + "bias"] = torch.ones(size, size, dtype=torch.bool).tril().view(1, 1, size, size)
            tensors[prefix + "masked_bias"] = torch.tensor(-1e9)
            tensors[prefix + "rotary_emb.inv_freq"] = frequencies(config["rotary_emb_base"], half)
    elif config["model_type"] == "gpt_neo":
        # The mask of every layer, of windows too, and its fill value.
        size = 64
        for layer in layers:
            seen = torch.ones(size, size, dtype=torch.bool).tril()
            if config["attention_layers"][layer] == "local":
                seen = seen.triu(1 - config["window_size"])
            tensors[f"transformer.h.{layer}.attn.attention.bias"] = seen.view(1, 1, size, size)
            tensors[f"transformer.h.{layer}.attn.attention.masked_bias"] = torch.tensor(-1e9)
    elif config["model_type"] == "llama" and "rope_theta" not in config:
        # The first conversions of Llama: the rotary frequencies.
        half = config["hidden_size"] // config["num_attention_heads"] // 2
        for layer in layers:
            tensors[f"model.layers.{layer}.self_attn.rotary_emb.inv_freq"] = frequencies(10000, half)
    return tensors


def frequencies(base, half):
    return base ** -(torch.arange(half, dtype=torch.float32) / half)
