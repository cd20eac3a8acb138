"""Does with the `gguf` package alone, tensor by tensor, what Twofold does to GGUF files; bench.py compares the two.

    python tools/gguf/by_package.py write CHECKPOINT FILE.gguf        a Llama checkpoint in fp16
    python tools/gguf/by_package.py read FILE.gguf FILE               the numbers of all tensors, in float32
    python tools/gguf/by_package.py requantize FILE.gguf FILE.gguf    the same tensors in q8_0

Tokenizers are left out.
"""

import json
import sys
from pathlib import Path

import gguf
import numpy as np
from gguf.constants import GGMLQuantizationType as Type
from llama_names import OF_A_LAYER, WHOLE
from safetensors import safe_open

NAMES = {theirs: ours for ours, theirs in OF_A_LAYER.items()}
TOP = {theirs: ours for ours, theirs in WHOLE.items()}


def named(name):
    parts = name.removesuffix(".weight").split(".")
    if parts[1] == "layers":
        return f"blk.{parts[2]}.{NAMES['.'.join(parts[3:])]}.weight"
    return TOP[".".join(parts)] + ".weight"


def tensors(checkpoint):
    """Every tensor as numpy has it: bfloat16, which it has not, as float32."""
    for file in sorted(checkpoint.glob("*.safetensors")):
        with safe_open(file, framework="numpy") as data:
            for name in data.keys():
                try:
                    yield name, data.get_tensor(name)
                except TypeError:
                    yield name, widened(file, name)


def widened(file, name):
    with open(file, "rb") as data:
        length = int.from_bytes(data.read(8), "little")
        entry = json.loads(data.read(length))[name]
        begin, end = entry["data_offsets"]
        data.seek(8 + length + begin)
        bits = np.frombuffer(data.read(end - begin), dtype=np.uint16)
    return (bits.astype(np.uint32) << 16).view(np.float32).reshape(entry["shape"])


def write(checkpoint, target):
    config = json.loads((checkpoint / "config.json").read_text())
    heads = config["num_attention_heads"]
    kv_heads = config.get("num_key_value_heads", heads)
    writer = gguf.GGUFWriter(target, "llama", use_temp_file=True)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_embedding_length(config["hidden_size"])
    for name, values in tensors(checkpoint):
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            own = heads if "q_proj" in name else kv_heads
            values = values.reshape(own, 2, -1, values.shape[1]).swapaxes(1, 2).reshape(values.shape)
        writer.add_tensor(named(name), values.astype(np.float32 if values.ndim == 1 else np.float16))
    finish(writer)


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read(source, target):
    with open(target, "wb") as out:
        for tensor in gguf.GGUFReader(source).tensors:
            gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32).tofile(out)


def requantize(source, target):
    writer = gguf.GGUFWriter(target, "llama", use_temp_file=True)
    for tensor in gguf.GGUFReader(source).tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        if values.ndim > 1:
            writer.add_tensor(tensor.name, gguf.quants.quantize(values, Type.Q8_0), raw_dtype=Type.Q8_0)
        else:
            writer.add_tensor(tensor.name, values)
    finish(writer)


if __name__ == "__main__":
    {"write": write, "read": read, "requantize": requantize}[sys.argv[1]](*map(Path, sys.argv[2:]))
