"""Makes testmodels/gguf: the tiny checkpoints of testmodels/families as GGUF files, with the `gguf` package, in the names,
orders and keys that llama.cpp reads. Nothing of Twofold takes part, so that its reader has something to be compared with.

    pip install -r tools/gguf/requirements.txt
    python tools/gguf/make_families.py testmodels/families testmodels/gguf [NAME...]

Matrices are bfloat16, as in the checkpoints, vectors float32. A second run writes the same bytes.
"""

import json
import math
import sys
from pathlib import Path

import gguf
import numpy as np
from gguf.constants import GGMLQuantizationType as Type
from gguf.constants import RopeScalingType
from layouts import LAYOUTS



def tensors(directory):
    """Every bfloat16 tensor in float32, which holds it exactly."""
    data = (directory / "model.safetensors").read_bytes()
    length = int.from_bytes(data[:8], "little")
    found = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if entry.get("dtype") == "BF16":
            begin, end = entry["data_offsets"]
            bits = np.frombuffer(data[8 + length + begin : 8 + length + end], dtype=np.uint16)
            found[name] = (bits.astype(np.uint32) << 16).view(np.float32).reshape(entry["shape"])
    return found


def bfloat16(values):
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    assert not (bits & 0xFFFF).any(), "not a bfloat16"
    return (bits >> 16).astype(np.uint16)


def add(writer, name, values):
    if values.ndim == 1 or name.endswith("_exps.bias"):
        writer.add_tensor(name, np.ascontiguousarray(values, dtype=np.float32))
    else:
        data = bfloat16(values)
        writer.add_tensor(name, data.view(np.uint8).reshape(*values.shape[:-1], -1), raw_dtype=Type.BF16)


def tokenizer(writer, directory, rows, config):
    """Byte pairs; rows of the embedding that no token has are padding."""
    tokens = json.loads((directory / "tokenizer.json").read_text())
    added = {token["content"]: token["id"] for token in tokens["added_tokens"]}
    texts = {**tokens["model"]["vocab"], **added}
    by_id = {number: text for text, number in texts.items()}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([by_id.get(number, f"[PAD{number}]") for number in range(rows)])
    control, normal, unused = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL, gguf.TokenType.UNUSED
    writer.add_token_types(
        [unused if n not in by_id else control if by_id[n] in added else normal for n in range(rows)])
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in tokens["model"]["merges"]])
    writer.add_bos_token_id(config["bos_token_id"])
    end = config["eos_token_id"]
    writer.add_eos_token_id(end[0] if isinstance(end, list) else end)
    if isinstance(end, list):
        writer.add_eot_token_id(end[1])
    if config.get("pad_token_id") is not None:
        writer.add_pad_token_id(config["pad_token_id"])
    writer.add_add_bos_token(False)


def llama3_factors(config, size):
    """What each frequency is divided by, in float32 as llama.cpp's converter has it."""
    scaling = config["rope_scaling"]
    base, old = np.float32(config.get("rope_theta", 10000.0)), scaling["original_max_position_embeddings"]
    frequencies = 1.0 / (base ** (np.arange(0, size, 2, dtype=np.float32) / np.float32(size)))
    low, high, factor = scaling["low_freq_factor"], scaling["high_freq_factor"], scaling["factor"]
    factors = []
    for frequency in frequencies:
        wavelength = 2 * math.pi / frequency
        if wavelength < old / high:
            factors.append(1)
        elif wavelength > old / low:
            factors.append(factor)
        else:
            smooth = (old / wavelength - low) / (high - low)
            factors.append(1 / ((1 - smooth) / factor + smooth))
    return np.array(factors, dtype=np.float32)


def rope_scaling(writer, config, size):
    scaling = config.get("rope_scaling")
    kind = scaling and scaling.get("rope_type", scaling.get("type"))
    if not scaling or kind in ("default", "dynamic"):  # which changes nothing within the context
        return
    if kind == "llama3":
        add(writer, "rope_freqs.weight", llama3_factors(config, size))
    elif kind == "longrope":
        context, original = config["max_position_embeddings"], scaling["original_max_position_embeddings"] \
            if "original_max_position_embeddings" in scaling else config["original_max_position_embeddings"]
        writer.add_rope_scaling_orig_ctx_len(original)
        writer.add_rope_scaling_attn_factors(math.sqrt(1 + math.log(context / original) / math.log(original)))
        add(writer, "rope_factors_long.weight", np.array(scaling["long_factor"], dtype=np.float32))
        add(writer, "rope_factors_short.weight", np.array(scaling["short_factor"], dtype=np.float32))
    else:
        writer.add_rope_scaling_type({"linear": RopeScalingType.LINEAR, "yarn": RopeScalingType.YARN}[kind])
        writer.add_rope_scaling_factor(scaling["factor"])
        if kind == "yarn":
            writer.add_rope_scaling_orig_ctx_len(scaling["original_max_position_embeddings"])


def make(source, target, name):
    directory, layout = source / name, LAYOUTS[name]
    config, weights = json.loads((directory / "config.json").read_text()), tensors(directory)
    writer = gguf.GGUFWriter(target / f"{name}.gguf", layout.architecture)
    layers = config["num_hidden_layers"]
    heads = config["num_attention_heads"]
    kv_heads = config.get("num_key_value_heads") or heads
    size = config.get("head_dim") or config["hidden_size"] // heads
    writer.add_name(f"tiny {name}")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(layers)
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    if config.get("head_dim"):
        writer.add_key_length(size)
        writer.add_value_length(size)
    writer.add_rope_freq_base(float(layout.theta_of(config, size)))
    turning = layout.turning(config, size)
    writer.add_rope_dimension_count(turning)
    layout.keys(writer, config)
    tokenizer(writer, directory, config["vocab_size"], config)
    rope_scaling(writer, config, turning)
    used = set()
    for ours, theirs, change in layout.tensors(config, weights, layers, heads, kv_heads, size):
        parts = [weights[one] for one in theirs]
        used.update(theirs)
        add(writer, ours, change(*parts))
    rest = {one for one in weights if one not in used and not layout.ignored(one)}
    assert not rest, rest
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    print(name, layout.architecture, (target / f"{name}.gguf").stat().st_size, "bytes")


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:3])
    target.mkdir(exist_ok=True)
    for each in sys.argv[3:] or LAYOUTS:
        make(source, target, each)
