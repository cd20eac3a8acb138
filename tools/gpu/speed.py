"""Decode and prefill speed of converted models, one stream, with the KV caches in place on the device.

usage: speed.py PROVIDER PROMPT NEW ROUNDS DIR DIR ...

The first is the baseline, and is loaded once more for the row "again". Rounds begin with another model each time; a
round's decode is its median token, a speed-up the median of the rounds' ratios. Prints one JSON document.
"""

import json
import statistics
import sys
import time

import numpy as np
import onnxruntime as ort
from rounds import compare

TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


class Model:
    """A session whose past and present caches are the same memory."""

    def __init__(self, directory, provider, longest):
        options = ort.SessionOptions()
        options.log_severity_level = 3
        self.device = "cuda" if provider == "cuda" else "cpu"
        # An arena that doubles would leave no room for the other models.
        own = {"use_tf32": "0", "arena_extend_strategy": "kSameAsRequested"}
        chosen = [("CUDAExecutionProvider", own)] if provider == "cuda" else []
        self.session = ort.InferenceSession(
            directory + "/model.onnx", options, providers=chosen + ["CPUExecutionProvider"])
        if provider == "cuda" and self.session.get_providers()[0] != "CUDAExecutionProvider":
            sys.exit("ONNX Runtime could not load CUDA; it was built for " + ", ".join(ort.get_available_providers()))
        inputs = {value.name: value for value in self.session.get_inputs()}
        self.caches = {
            name: self.value(np.zeros([1, value.shape[1], longest, value.shape[3]], TYPES[value.type]))
            for name, value in inputs.items() if name.startswith("past_key_values.")}

    def value(self, array):
        return ort.OrtValue.ortvalue_from_numpy(array, self.device, 0)

    def run(self, ids, total):
        """Runs tokens after those that are in the caches; the time is the host's, until the logits are there."""
        binding = self.session.io_binding()
        start = time.perf_counter()
        binding.bind_ortvalue_input("input_ids", self.value(ids))
        binding.bind_ortvalue_input("attention_mask", self.value(np.ones((1, total), np.int64)))
        for name, cache in self.caches.items():
            binding.bind_ortvalue_input(name, cache)
            binding.bind_ortvalue_output(name.replace("past_key_values.", "present."), cache)
        binding.bind_output("logits", self.device)
        self.session.run_with_iobinding(binding)
        binding.synchronize_outputs()
        return time.perf_counter() - start


def timed(model, prompt, new):
    """Seconds of the prompt, and of the median token after it."""
    prefill = model.run(np.full((1, prompt), 5, np.int64), prompt)
    tokens = [model.run(np.full((1, 1), 5, np.int64), prompt + i + 1) for i in range(new)]
    return prefill, statistics.median(tokens)


def main(provider, prompt, new, rounds, directories):
    if provider == "cuda" and hasattr(ort, "preload_dlls"):
        ort.preload_dlls()  # of NVIDIA's packages beside it
    models = [Model(name, provider, prompt + new) for name in directories + directories[:1]]
    rows = compare(directories + ["again"], models, lambda model: timed(model, prompt, new), rounds)
    print(json.dumps({"onnxRuntime": ort.__version__, "rows": rows}))


if __name__ == "__main__":
    if len(sys.argv) < 6:
        sys.exit(__doc__)
    main(sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5:])
