"""The same gpt-oss with the matrices of its experts in MXFP4, as they are published, and in the numbers that transformers makes of
these. So both are one model, and what is read of one has to be what is read of the other, byte for byte."""

import json

import torch
from safetensors.torch import save_file
from transformers.integrations.mxfp4 import FP4_VALUES, convert_moe_packed_tensors

BLOCK = 32
MATRICES = ("gate_up_proj", "down_proj")


def packed(matrices):
    """Blocks and scales of [experts, in, out]: each block's largest number is 4 to 6 times a power of two, or near."""
    rows = matrices.transpose(1, 2).float().unflatten(-1, (-1, BLOCK))
    exponents = rows.abs().amax(-1).clamp(min=2.0**-100).log2().floor() - 2
    parts = rows / torch.exp2(exponents)[..., None]
    codes = (parts[..., None] - torch.tensor(FP4_VALUES)).abs().argmin(-1).to(torch.uint8)
    return codes[..., 0::2] | codes[..., 1::2] << 4, (exponents + 127).to(torch.uint8)


def rounded(tensors):
    """A checkpoint whose experts MXFP4 can hold, and the tensors that hold them so."""
    plain, small = dict(tensors), dict(tensors)
    for name in tensors:
        if name.endswith(MATRICES):
            blocks, scales = packed(tensors[name])
            small.pop(name)
            small |= {name + "_blocks": blocks, name + "_scales": scales}
            plain[name] = convert_moe_packed_tensors(blocks, scales)
    return plain, small


def write(directory, config, tensors):
    directory.mkdir(parents=True, exist_ok=True)
    kept = ["model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"]
    config = config | {"quantization_config": {"quant_method": "mxfp4", "modules_to_not_convert": kept}}
    (directory / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_file({key: tensors[key].contiguous() for key in sorted(tensors)}, directory / "model.safetensors", {"format": "pt"})
