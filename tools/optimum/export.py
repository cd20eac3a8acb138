"""Exports checkpoints with Optimum, in its form with a past, and runs what it wrote in ONNX Runtime.

usage: export.py OUT CHECKPOINT:TYPE[,TYPE...]...

TYPE is fp32 (as Optimum writes it), or what ONNX Runtime's tools make of that, as the files for transformers.js are made: q4 (matrices
in blocks of 32 with 4 bits, by matmul_nbits_quantizer), q4a (the same with zeros, and the embedding too), fp16, or q4f16 (both).
OUT/NAME-optimum-TYPE holds the model and its config.json, OUT/NAME-optimum-TYPE.safetensors tokens and logits, as
tools/genai-builder/build.py says. Needs requirements.txt.
"""

import contextlib
import io
import os
import pathlib
import shutil
import sys

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "genai-builder"))


def quantized(model, zeros):
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    operators = ("MatMul", "Gather") if zeros else ("MatMul",)
    quantizer = MatMulNBitsQuantizer(
        model, block_size=32, is_symmetric=not zeros, bits=4, op_types_to_quantize=operators
    )
    quantizer.process()
    return quantizer.model.model


def convert(source, directory, kind):
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    model = onnx.load(source / "model.onnx")
    if kind.startswith("q4"):
        model = quantized(model, kind == "q4a")
    if kind.endswith("16"):
        model = convert_float_to_float16(model, keep_io_types=True, disable_shape_infer=True)
    directory.mkdir(parents=True, exist_ok=True)
    for file in source.glob("*.json"):
        shutil.copy(file, directory)
    onnx.save(model, directory / "model.onnx", save_as_external_data=True, location="model.onnx_data")


def sizes(checkpoint):
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(checkpoint)
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return {"decoder": {"head_size": head}, "vocab_size": config.vocab_size}


def main():
    import build
    from optimum.exporters.onnx import main_export
    from safetensors.numpy import save_file

    for argument in sys.argv[2:]:
        checkpoint, kinds = argument.rsplit(":", 1)
        name = pathlib.Path(checkpoint).name
        plain = pathlib.Path(sys.argv[1]) / f"{name}-optimum-fp32"
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                main_export(checkpoint, plain, task="text-generation-with-past", do_validation=False)
        except BaseException:
            sys.stderr.write(said.getvalue()[-4000:])
            raise
        for kind in kinds.split(","):
            directory = plain.parent / f"{name}-optimum-{kind}"
            if kind != "fp32":
                convert(plain, directory, kind)
            tokens, logits = build.run(directory, config=sizes(checkpoint))
            save_file({"tokens": tokens, "logits": logits}, f"{directory}.safetensors")
            print(directory.name, flush=True)


if __name__ == "__main__":
    main()
