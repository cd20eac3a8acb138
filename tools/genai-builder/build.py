"""Exports checkpoints with ONNX Runtime GenAI's model builder, and runs what it wrote in ONNX Runtime.

usage: build.py OUT CHECKPOINT:PRECISION[,PRECISION...]...

For each checkpoint and precision OUT/NAME-PRECISION holds the model as the builder wrote it: fp32 and int4 for a CPU, fp16 for a GPU, and
half for a CPU in fp16, with attention of many heads. OUT/NAME-PRECISION.safetensors has the tokens [1, n] that it was given, in a prompt
and two continuations, and its logits [n, vocabulary]; of half the prompt alone, for ONNX Runtime 1.32 does not continue a text with it.
Activations are not rounded (accuracy level 1), so that the logits are those of the weights. Needs requirements.txt.
"""

import contextlib
import io
import json
import os
import pathlib
import runpy
import sys

import numpy as np

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

LENGTHS = (16, 1, 7)

# What the builder is told for each: its precision, and for what it builds.
PRECISIONS = {"fp32": ("fp32", "cpu"), "int4": ("int4", "cpu"), "fp16": ("fp16", "cuda"), "half": ("fp16", "cpu")}


def build(checkpoint, output, precision):
    """Runs the builder's command in this process, which has loaded PyTorch by then."""
    said, provider = PRECISIONS[precision]
    arguments = ["builder", "-m", str(checkpoint), "-i", str(checkpoint), "-o", str(output), "-p", said]
    arguments += ["-e", provider, "-c", str(output.parent / "cache")]
    if precision == "int4":
        arguments += ["--extra_options", "accuracy_level=1"]
    output_text = io.StringIO()
    before = sys.argv
    try:
        sys.argv = arguments
        with contextlib.redirect_stdout(output_text), contextlib.redirect_stderr(output_text):
            runpy.run_module("onnxruntime_genai.models.builder", run_name="__main__")
    except BaseException:
        sys.stderr.write(output_text.getvalue()[-4000:])
        raise
    finally:
        sys.argv = before


def run(directory, lengths=LENGTHS, config=None):
    """Tokens, and logits of a prompt and of what continues it by the caches; sizes are in genai_config.json, if they are not given."""
    import onnxruntime

    config = config or json.loads((directory / "genai_config.json").read_text())["model"]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(directory / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    size = config["decoder"]["head_size"]
    window = config["decoder"].get("sliding_window") or {}
    caches = {}
    for value in session.get_inputs():
        if value.name.startswith("past"):
            dtype = np.float16 if "16" in value.type else np.float32
            # Those of a sliding window hold as many tokens from the beginning on.
            slides = window and int(value.name.split(".")[1]) in window.get("layers", [])
            caches[value.name] = np.zeros([1, value.shape[1], window["window_size"] if slides else 0, size], dtype)
    tokens = np.random.default_rng(0).integers(0, config["vocab_size"], (1, sum(lengths)))
    inputs = [value.name for value in session.get_inputs()]
    outputs = [value.name for value in session.get_outputs()]
    logits, done = [], 0
    for length in lengths:
        feed = dict(caches)
        feed["input_ids"] = tokens[:, done : done + length]
        done += length
        feed["attention_mask"] = np.ones((1, done), np.int64)
        if "position_ids" in inputs:
            feed["position_ids"] = np.arange(done - length, done)[None]
        results = dict(zip(outputs, session.run(None, feed)))
        logits.append(results["logits"][0].astype(np.float32))
        caches = {name: results[name.replace("past_key_values", "present")] for name in caches}
    return tokens, np.concatenate(logits)


def main():
    from safetensors.numpy import save_file

    output = pathlib.Path(sys.argv[1])
    for argument in sys.argv[2:]:
        checkpoint, precisions = argument.rsplit(":", 1)
        checkpoint = pathlib.Path(checkpoint)
        for precision in precisions.split(","):
            directory = output / f"{checkpoint.name}-{precision}"
            build(checkpoint, directory, precision)
            tokens, logits = run(directory, LENGTHS[:1] if precision == "half" else LENGTHS)
            save_file({"tokens": tokens, "logits": logits}, f"{directory}.safetensors")
            print(directory.name, flush=True)


if __name__ == "__main__":
    main()
