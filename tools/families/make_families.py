"""Makes testmodels/families: a tiny checkpoint of random weights for each model family, and golden logits.

The checkpoint is what transformers writes for the family's own model class, in the tensor names of published
checkpoints; the logits are what transformers makes of it when it reads it back, in float64 throughout. A second run
writes the same bytes.

    pip install -r tools/families/requirements.txt
    python tools/families/make_families.py testmodels/families [NAME...]
"""

import contextlib
import json
import math
import shutil
import sys
import tempfile
import zlib
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM

import alibi
import configs
import exaone
import internlm2
import llama4
import minicpm
import minimax
import mxfp4
import phimoe
import relics
import tokenizer
import variants

ROWS, LENGTH = 2, 32
LONGER = 80

FAMILIES = {**configs.FAMILIES, **llama4.FAMILIES, **alibi.FAMILIES, **minicpm.FAMILIES, **minimax.FAMILIES,
            **phimoe.FAMILIES}
VARIANTS = {**variants.VARIANTS, **llama4.VARIANTS, **alibi.VARIANTS}

# Families whose code comes with their checkpoints: what makes an equal model of transformers of them.
OWN_CODE = {"exaone": exaone, "internlm2": internlm2, "minicpm": minicpm}


@contextlib.contextmanager
def float64_throughout():
    """Model code asks for float32 in norms, softmax, rotary tables and routers; here it gets float64 instead."""
    names = ("float32", "float")
    kept = {name: getattr(torch, name) for name in names}
    kept_method, kept_default = torch.Tensor.float, torch.get_default_dtype()
    for name in names:
        setattr(torch, name, torch.float64)
    torch.Tensor.float = torch.Tensor.double
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        for name in names:
            setattr(torch, name, kept[name])
        torch.Tensor.float = kept_method
        torch.set_default_dtype(kept_default)


def randomise(model, name):
    """Nothing is left at a value that hides it: gains and biases too are random, and scores are far from uniform."""
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    one_plus = "Gemma" in type(model).__name__ or "Nemotron" in type(model).__name__
    conv1d = type(model).__name__.startswith("GPT2")

    def normal(shape, deviation):
        return torch.randn(shape, generator=generator, dtype=torch.float64) * deviation

    with torch.no_grad():
        for key, parameter in sorted(model.named_parameters()):
            if key.endswith("e_score_correction_bias"):
                continue
            if key.endswith("bias"):
                value = normal(parameter.shape, 0.2)
            elif "norm" in key or "ln_" in key or parameter.dim() == 1:
                value = normal(parameter.shape, 0.3) + (0.0 if one_plus else 1.0)
            elif "embed" in key or "wte" in key or "wpe" in key:
                value = normal(parameter.shape, 0.4)
            else:
                fan_in = parameter.shape[-2 if conv1d else -1]
                value = normal(parameter.shape, strength(key) / math.sqrt(fan_in))
            parameter.copy_(value)
        # Far enough from nothing to change which experts are chosen.
        for key, buffer in sorted(model.named_buffers()) + sorted(model.named_parameters()):
            if key.endswith("e_score_correction_bias"):
                buffer.copy_(normal(buffer.shape, 0.2))


def strength(key):
    """Of a matrix: 1 keeps the size of what it is applied to."""
    if any(part in key for part in ("lm_head", "embed_out", ".gate.weight", "router")):
        return 2.5
    if any(part in key for part in ("o_proj", "down_proj", "c_proj", "dense.", "4h_to_h")):
        return 0.8
    return 1.15


def tensors_of(model, directory):
    """The tensors as save_pretrained names and stores them, in bfloat16."""
    model.save_pretrained(directory, safe_serialization=True)
    return load_file(directory / "model.safetensors")


def build(name, config, directory):
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        own = OWN_CODE.get(config["model_type"])
        (scratch / "config.json").write_text(json.dumps(own.as_transformers(config) if own else config))
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(scratch), dtype=torch.float64)
        randomise(model, name)
        tensors = relics.published(config, tensors_of(model.to(torch.bfloat16), scratch))
        current = json.loads((scratch / "config.json").read_text())
    if config["model_type"] == "gpt_oss":
        tensors, small = mxfp4.rounded(tensors)
        mxfp4.write(directory.parent.parent / "quantized" / f"{name}-mxfp4", config, small)
    if own:
        tensors = own.from_transformers(tensors, config)
    (directory / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    tensors = {key: tensors[key].contiguous() for key in sorted(tensors)}
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})
    return current


def read_back(config, directory):
    if config["model_type"] in OWN_CODE:
        return OWN_CODE[config["model_type"]].model(directory, config)
    # Falcon adds its biases twice where attention is eager (transformers 5.24), and once where it is as usual.
    attention = "sdpa" if config.get("alibi") else "eager"
    model, report = AutoModelForCausalLM.from_pretrained(
        directory, dtype=torch.float64, attn_implementation=attention, output_loading_info=True)
    missing = {key for key in report["missing_keys"] if "lm_head" not in key and "embed_out" not in key}
    if missing or report["mismatched_keys"]:
        raise SystemExit(f"{directory}: transformers misses {report}")
    return model


def logits(model, tokens):
    if hasattr(model, "set_experts_implementation"):
        model.set_experts_implementation("eager")
    with torch.no_grad():
        return model.eval()(tokens, use_cache=False).logits


def has_long_range(config):
    scaling, before = config.get("rope_scaling") or {}, "original_max_position_embeddings"
    return "long_factor" in scaling and "long_mscale" not in scaling and config.get(before, scaling.get(before)) < LONGER


def golden(name, config, directory):
    generator = torch.Generator().manual_seed(zlib.crc32(b"tokens " + name.encode()))
    tokens = {"": torch.randint(4, 128, (ROWS, LENGTH), generator=generator)}
    if has_long_range(config):
        # Past the short range: transformers then rotates every position by the long factors.
        tokens["_long"] = torch.randint(4, 128, (1, LONGER), generator=generator)
    with float64_throughout():
        model = read_back(config, directory)
        exact = {suffix: logits(model, row) for suffix, row in tokens.items()}
    plain = logits(read_back(config, directory), tokens[""])
    apart = (plain - exact[""]).abs().max().item()
    print(f"{name:20} largest logit {exact[''].abs().max():6.2f}, float32 inside differs by {apart:.1e}, "
          f"{(directory / 'model.safetensors').stat().st_size // 1000} kB")
    if not apart < 1e-3:
        raise SystemExit(f"{name}: float64 and float32 inside differ by {apart}")
    out = {}
    for suffix in tokens:
        out["tokens" + suffix] = tokens[suffix]
        out["logits" + suffix] = exact[suffix].to(torch.float32).contiguous()
    save_file(out, directory / "golden.safetensors")


def main(root, names):
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    current = root / "transformers-5-configs"
    current.mkdir(parents=True, exist_ok=True)
    for name in names or [*FAMILIES, *VARIANTS]:
        config, saved = make(root, name)
        if name in FAMILIES and config["model_type"] not in OWN_CODE:
            (current / f"{name}.json").write_text(json.dumps(saved, indent=2, sort_keys=True) + "\n")


def make(root, name):
    config = {**FAMILIES, **VARIANTS}[name]
    directory = (root if name in FAMILIES else root / "variants") / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    saved = build(name, config, directory)
    tokenizer.write(directory)
    golden(name, config, directory)
    for file in directory.iterdir():
        file.chmod(0o644)
    return config, saved


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
