#!/usr/bin/env bash
# How much faster a mixture of experts decodes when the chosen experts run alone: a random model, in fp32, as ONNX Runtime's operator and
# in standard operators, which run all of them. Attention differs too, and is a small part of it.
# usage: tools/bench-experts.sh DIRECTORY [LAYERS HIDDEN EXPERTS CHOSEN WIDTH]    4 1024 32 4 768 if they are left out: 1.3 GB a model
# Needs python3 with NumPy. Measure on a machine that does nothing else.
set -euo pipefail
directory=$(realpath -m "${1:?usage: tools/bench-experts.sh DIRECTORY [LAYERS HIDDEN EXPERTS CHOSEN WIDTH]}")
shift
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p "$directory"
python3 - "$directory/checkpoint" "${@:-4}" <<'PYTHON'
import json, os, pathlib, shutil, sys
import numpy

out = pathlib.Path(sys.argv[1])
given = [int(number) for number in sys.argv[2:]]
layers, hidden, experts, chosen, width = given + [4, 1024, 32, 4, 768][len(given):]
if hidden < 128 or hidden % 128:
    sys.exit(f"HIDDEN is {hidden}, and should be a multiple of 128")
out.mkdir(exist_ok=True)
tiny = pathlib.Path("testmodels/families/qwen3_moe")
config = json.loads((tiny / "config.json").read_text())
size, heads, groups = 64, hidden // 64, hidden // 128
config |= dict(hidden_size=hidden, num_hidden_layers=layers, num_experts=experts, num_experts_per_tok=chosen,
               moe_intermediate_size=width, num_attention_heads=heads, num_key_value_heads=groups, head_dim=size,
               intermediate_size=width, max_position_embeddings=2048, torch_dtype="float32", dtype="float32")
shapes = {"model.embed_tokens.weight": (config["vocab_size"], hidden), "lm_head.weight": (config["vocab_size"], hidden),
          "model.norm.weight": (hidden,)}
if config["tie_word_embeddings"]:
    del shapes["lm_head.weight"]
for layer in range(layers):
    at = f"model.layers.{layer}."
    shapes |= {at + "input_layernorm.weight": (hidden,), at + "post_attention_layernorm.weight": (hidden,),
               at + "self_attn.q_norm.weight": (size,), at + "self_attn.k_norm.weight": (size,),
               at + "self_attn.q_proj.weight": (heads * size, hidden), at + "self_attn.k_proj.weight": (groups * size, hidden),
               at + "self_attn.v_proj.weight": (groups * size, hidden), at + "self_attn.o_proj.weight": (hidden, heads * size),
               at + "mlp.gate.weight": (experts, hidden)}
    for expert in range(experts):
        name = at + f"mlp.experts.{expert}."
        shapes |= {name + "gate_proj.weight": (width, hidden), name + "up_proj.weight": (width, hidden),
                   name + "down_proj.weight": (hidden, width)}
header, end = {}, 0
for name, shape in shapes.items():
    header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end := end + 4 * int(numpy.prod(shape))]}
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
random = numpy.random.default_rng(1)
with open(out / "model.safetensors", "wb") as file:
    file.write(len(text).to_bytes(8, "little") + text)
    for name, shape in shapes.items():
        drawn = random.standard_normal(shape, numpy.float32)
        file.write((1 + 0.1 * drawn if len(shape) == 1 else 0.03 * drawn).tobytes())
for name in ("tokenizer.json", "tokenizer_config.json"):
    if (tiny / name).exists():
        shutil.copy(tiny / name, out / name)
(out / "config.json").write_text(json.dumps(config, indent=1))
print("%d of %d experts in each of %d layers, %.1f GB" % (chosen, experts, layers, end / 1e9))
PYTHON
for dialect in onnx ort; do
  ./twofold convert "$directory/checkpoint" -o "$directory/$dialect" --window 0:0 --dialect $dialect --quiet --force
done
./twofold bench "$directory/onnx" "$directory/ort" --rounds 3 --prompt-tokens 32
