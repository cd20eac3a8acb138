"""Exports checkpoints with PyTorch itself, in single operators, and runs what it wrote in ONNX Runtime.

usage: export.py OUT CHECKPOINT:HOW[,HOW...]...

HOW is traced (torch.onnx.export as it was before torch.export), exported (with torch.export, opset 18), fused (the same in opset 23, whose
Attention, RotaryEmbedding and RMSNormalization it uses), or whole (exported without caches: texts are given as one). OUT/NAME-HOW holds
the model and its config.json, OUT/NAME-HOW.safetensors tokens and logits, as build.py says. Needs requirements.txt.
"""

import contextlib
import io
import pathlib
import shutil
import sys
import warnings

import build
import torch
from transformers import AutoModelForCausalLM
from transformers.cache_utils import DynamicCache

ATTENTION = {"fused": "sdpa"}
# The other ways of transformers' experts have no ONNX operators (PyTorch 2.15).
EXPERTS = "batched_mm"
TEXTS, NEW, PAST = 2, 3, 5


class Decoder(torch.nn.Module):
    """Logits, and the caches one by one if there are any."""

    def __init__(self, model, layers):
        super().__init__()
        self.model = model
        self.layers = layers

    def forward(self, input_ids, attention_mask, position_ids, *past):
        given = {"input_ids": input_ids, "attention_mask": attention_mask, "position_ids": position_ids}
        if not past:
            return self.model(**given, use_cache=False).logits
        cache = DynamicCache()
        for layer in range(self.layers):
            cache.update(past[2 * layer], past[2 * layer + 1], layer)
        result = self.model(**given, past_key_values=cache, use_cache=True)
        present = [both for layer in result.past_key_values.layers for both in (layer.keys, layer.values)]
        return (result.logits, *present)


def export(checkpoint, directory, how):
    model = AutoModelForCausalLM.from_pretrained(
        checkpoint,
        dtype=torch.float32,
        attn_implementation=ATTENTION.get(how, "eager"),
        experts_implementation=EXPERTS,
    ).eval()
    config = model.config
    layers = 0 if how == "whole" else config.num_hidden_layers
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    before = PAST if layers else 0
    past = [torch.randn(TEXTS, heads, PAST, head) for _ in range(2 * layers)]
    ids = torch.zeros(TEXTS, NEW, dtype=torch.int64)
    mask = torch.ones(TEXTS, before + NEW, dtype=torch.int64)
    positions = torch.arange(before, before + NEW).expand(TEXTS, NEW).contiguous()
    kinds = [f"{layer}.{kind}" for layer in range(layers) for kind in ("key", "value")]
    inputs = ["input_ids", "attention_mask", "position_ids", *(f"past_key_values.{kind}" for kind in kinds)]
    outputs = ["logits", *(f"present.{kind}" for kind in kinds)]
    directory.mkdir(parents=True)
    arguments = (ids, mask, positions, *past)
    options = {"input_names": inputs, "output_names": outputs}
    path = directory / "model.onnx"
    if how == "traced":
        axes = {name: {0: "batch", 1: name} for name in inputs[:3]}
        axes.update({f"past_key_values.{kind}": {0: "batch", 2: "past"} for kind in kinds})
        axes.update({f"present.{kind}": {0: "batch", 2: "total"} for kind in kinds})
        torch.onnx.export(
            Decoder(model, layers), arguments, path, dynamo=False, dynamic_axes=axes, opset_version=18, **options
        )
    else:
        any_size = torch.export.Dim.DYNAMIC
        shapes = [{0: any_size, 1: any_size}] * 3
        if layers:
            shapes.append(tuple({0: any_size, 2: any_size} for _ in past))
        torch.onnx.export(
            Decoder(model, layers),
            arguments,
            dynamo=True,
            dynamic_shapes=tuple(shapes),
            opset_version=23 if how == "fused" else 18,
            **options,
        ).save(path, external_data=True)
    shutil.copy(pathlib.Path(checkpoint) / "config.json", directory)
    size = {"decoder": {"head_size": head}, "vocab_size": config.vocab_size}
    return build.run(directory, build.LENGTHS if layers else build.LENGTHS[:1], size)


def main():
    from safetensors.numpy import save_file

    warnings.filterwarnings("ignore")
    for argument in sys.argv[2:]:
        checkpoint, ways = argument.rsplit(":", 1)
        for how in ways.split(","):
            directory = pathlib.Path(sys.argv[1]) / f"{pathlib.Path(checkpoint).name}-{how}"
            said = io.StringIO()
            try:
                with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                    tokens, logits = export(checkpoint, directory, how)
            except BaseException:
                sys.stderr.write(said.getvalue()[-4000:])
                raise
            save_file({"tokens": tokens, "logits": logits}, f"{directory}.safetensors")
            print(directory.name, flush=True)


if __name__ == "__main__":
    main()
