"""Writes the Hugging Face checkpoint (config.json, tokenizer.json, float32 weights) that a GGUF file of SmolLM2 was made of.

usage: python checkpoint.py FILE.gguf DIR
"""

import json
import struct
import sys
from pathlib import Path

import gguf
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "gguf"))
from llama_names import OF_A_LAYER, WHOLE  # noqa: E402


def config(value, tied):
    hidden, heads = value("llama.embedding_length"), value("llama.attention.head_count")
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "hidden_size": hidden,
        "intermediate_size": value("llama.feed_forward_length"),
        "num_hidden_layers": value("llama.block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": value("llama.attention.head_count_kv"),
        "head_dim": hidden // heads,
        "max_position_embeddings": value("llama.context_length"),
        "rope_theta": value("llama.rope.freq_base"),
        "rms_norm_eps": value("llama.attention.layer_norm_rms_epsilon"),
        "vocab_size": value("llama.vocab_size"),
        "tie_word_embeddings": tied,
        "bos_token_id": value("tokenizer.ggml.bos_token_id"),
        "eos_token_id": value("tokenizer.ggml.eos_token_id"),
        "torch_dtype": "float32",
    }


def tokenizer(value):
    """Byte-level BPE that reads digits one by one: what llama.cpp calls the pre-tokenizer 'smollm'."""
    assert value("tokenizer.ggml.pre") == "smollm" and not value("tokenizer.ggml.add_bos_token")
    tokens = value("tokenizer.ggml.tokens")
    special = [i for i, kind in enumerate(value("tokenizer.ggml.token_type")) if kind == gguf.TokenType.CONTROL]
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    level = {"add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "added_tokens": [{"id": i, "content": tokens[i], **plain} for i in special],
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [{"type": "Digits", "individual_digits": True}, {"type": "ByteLevel", **level}],
        },
        "decoder": {"type": "ByteLevel", **level},
        "model": {
            "type": "BPE",
            "vocab": {token: i for i, token in enumerate(tokens)},
            "merges": [merge.split(" ") for merge in value("tokenizer.ggml.merges")],
        },
    }


def name(tensor):
    parts = tensor.split(".")
    if parts[0] == "blk":
        return f"model.layers.{parts[1]}.{OF_A_LAYER[parts[2]]}.weight"
    return WHOLE[parts[0]] + ".weight"


def weights(reader, value):
    heads = {"attn_q": value("llama.attention.head_count"), "attn_k": value("llama.attention.head_count_kv")}
    for tensor in reader.tensors:
        weight = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        count = heads.get(tensor.name.split(".")[-2])
        if count:  # llama.cpp keeps the two halves of a rotated pair side by side, transformers half a head apart
            rows, columns = weight.shape
            weight = weight.reshape(count, rows // count // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)
        yield name(tensor.name), np.ascontiguousarray(weight)


def save(named, file):
    """In the order and layout of the safetensors format."""
    named = sorted(named)
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for each, weight in named:
        header[each] = {"dtype": "F32", "shape": weight.shape, "data_offsets": [offset, offset + weight.nbytes]}
        offset += weight.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(file, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for _, weight in named:
            out.write(weight.tobytes())


def main(source, out):
    reader = gguf.GGUFReader(source)

    def value(key):
        return reader.fields[key].contents()

    out = Path(out)
    out.mkdir(parents=True)
    save(weights(reader, value), out / "model.safetensors")
    (out / "tokenizer.json").write_text(json.dumps(tokenizer(value), ensure_ascii=False), encoding="utf-8")
    tied = all(tensor.name != "output.weight" for tensor in reader.tensors)
    (out / "config.json").write_text(json.dumps(config(value, tied), indent=2) + "\n")
    print(f"{out}: {value('general.name')}, {value('llama.block_count')} layers")


if __name__ == "__main__":
    main(*sys.argv[1:])
