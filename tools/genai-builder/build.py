"""Exports checkpoints with ONNX Runtime GenAI's model builder, and runs what it wrote in ONNX Runtime.

usage: build.py OUT CHECKPOINT:PRECISION[,PRECISION...]...

For each checkpoint and precision (fp32, fp16, int4) OUT/NAME-PRECISION holds the model as the builder wrote it for a CPU, or in fp16
for a GPU (what it writes in fp16 for CPUs, ONNX Runtime 1.32 does not continue a text with), and
OUT/NAME-PRECISION.safetensors the tokens [1, n] that it was given, in a prompt and two continuations, and its logits [n, vocabulary].
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


def build(checkpoint, output, precision):
    """Runs the builder's command in this process, which has loaded PyTorch by then."""
    arguments = ["builder", "-m", str(checkpoint), "-i", str(checkpoint), "-o", str(output), "-p", precision]
    arguments += ["-e", "cuda" if precision == "fp16" else "cpu", "-c", str(output.parent / "cache")]
    if precision == "int4":
        arguments += ["--extra_options", "accuracy_level=1"]
    said = io.StringIO()
    before = sys.argv
    try:
        sys.argv = arguments
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            runpy.run_module("onnxruntime_genai.models.builder", run_name="__main__")
    except BaseException:
        sys.stderr.write(said.getvalue()[-4000:])
        raise
    finally:
        sys.argv = before


def run(directory):
    """Tokens, and logits of a prompt and of what continues it by the caches."""
    import onnxruntime

    config = json.loads((directory / "genai_config.json").read_text())["model"]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(directory / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    size = config["decoder"]["head_size"]
    caches = {}
    for value in session.get_inputs():
        if value.name.startswith("past"):
            dtype = np.float16 if "16" in value.type else np.float32
            caches[value.name] = np.zeros([1, value.shape[1], 0, size], dtype)
    tokens = np.random.default_rng(0).integers(0, config["vocab_size"], (1, sum(LENGTHS)))
    inputs = [value.name for value in session.get_inputs()]
    outputs = [value.name for value in session.get_outputs()]
    logits, done = [], 0
    for length in LENGTHS:
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
            tokens, logits = run(directory)
            save_file({"tokens": tokens, "logits": logits}, f"{directory}.safetensors")
            print(directory.name, flush=True)


if __name__ == "__main__":
    main()
