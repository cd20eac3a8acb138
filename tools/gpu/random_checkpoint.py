"""A Llama checkpoint of a given shape with random weights, of which only the speed means anything.

usage: random_checkpoint.py OUT LAYERS HIDDEN HEADS KV_HEADS FEED_FORWARD VOCABULARY
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import save_file


def main(out, layers, hidden, heads, kv_heads, feed_forward, vocabulary):
    out.mkdir(parents=True, exist_ok=True)
    size = hidden // heads
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": hidden,
        "intermediate_size": feed_forward, "num_hidden_layers": layers, "num_attention_heads": heads,
        "num_key_value_heads": kv_heads, "head_dim": size, "vocab_size": vocabulary, "hidden_act": "silu",
        "max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "attention_bias": False,
        "mlp_bias": False, "tie_word_embeddings": True, "bos_token_id": 1, "eos_token_id": 2, "torch_dtype": "float16",
    }
    (out / "config.json").write_text(json.dumps(config, indent=1))
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"

    def matrix(rows, columns):
        # Small enough that activations stay within fp16.
        return (torch.randn(rows, columns, device=device) * (0.5 / columns**0.5)).half().cpu()

    # A file a layer, so that memory does not grow with the model.
    shards = {"model-00000.safetensors": {
        "model.embed_tokens.weight": matrix(vocabulary, hidden), "model.norm.weight": torch.ones(hidden).half()}}
    index, total = {}, 0
    for layer in range(-1, layers):
        if layer >= 0:
            prefix = f"model.layers.{layer}."
            shards = {f"model-{layer + 1:05d}.safetensors": {
                prefix + "input_layernorm.weight": torch.ones(hidden).half(),
                prefix + "post_attention_layernorm.weight": torch.ones(hidden).half(),
                prefix + "self_attn.q_proj.weight": matrix(hidden, hidden),
                prefix + "self_attn.k_proj.weight": matrix(kv_heads * size, hidden),
                prefix + "self_attn.v_proj.weight": matrix(kv_heads * size, hidden),
                prefix + "self_attn.o_proj.weight": matrix(hidden, hidden),
                prefix + "mlp.gate_proj.weight": matrix(feed_forward, hidden),
                prefix + "mlp.up_proj.weight": matrix(feed_forward, hidden),
                prefix + "mlp.down_proj.weight": matrix(hidden, feed_forward)}}
        for name, tensors in shards.items():
            save_file(tensors, str(out / name), metadata={"format": "pt"})
            index.update(dict.fromkeys(tensors, name))
            total += sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    (out / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": total}, "weight_map": index}))


if __name__ == "__main__":
    if len(sys.argv) != 8:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), *map(int, sys.argv[2:]))
