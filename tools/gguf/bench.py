"""Times GGUF in and out beside `cp` and beside the `gguf` package, with the most memory that each took.

    pip install -r tools/gguf/requirements.txt
    tools/synthetic-checkpoint.sh llama-3.2-1b -o /tmp/checkpoint
    python tools/gguf/bench.py /tmp/checkpoint [RUNS]

The checkpoint is one of the Llama family. Runs alternate; the median of each is printed. Memory is the peak of the process, files that are mapped
included. Nothing else should run on the machine.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TWOFOLD = [str(ROOT / "twofold"), "convert", "--window", "0:0", "--quiet"]
PACKAGE = [sys.executable, str(Path(__file__).parent / "by_package.py")]


def run(command):
    """Seconds, and megabytes at the peak."""
    os.sync()
    start = time.monotonic()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    os.sync()
    assert status == 0, command
    return time.monotonic() - start, usage.ru_maxrss / 1024


def main(checkpoint, runs):
    with tempfile.TemporaryDirectory(dir=checkpoint.parent) as scratch:
        scratch = Path(scratch)
        gguf, out = scratch / "half" / "model.gguf", scratch / "out"
        run(TWOFOLD + [checkpoint, "--target", "gguf", "--dtype", "fp16", "-o", gguf.parent])
        file = out.with_suffix(".gguf")
        commands = {
            "checkpoint: cp": ["cp", "-r", checkpoint, out],
            "checkpoint to gguf fp16: twofold": TWOFOLD + [checkpoint, "--target", "gguf", "--dtype", "fp16", "-o", out],
            "checkpoint to gguf fp16: gguf package": PACKAGE + ["write", checkpoint, file],
            "gguf: cp": ["cp", gguf, file],
            "gguf to onnx fp32: twofold": TWOFOLD + [gguf, "--no-load", "-o", out],
            "gguf to float32: gguf package": PACKAGE + ["read", gguf, file],
            "gguf to gguf q8_0: twofold": TWOFOLD + [gguf, "--target", "gguf", "--dtype", "q8_0", "-o", out],
            "gguf to gguf q4_k_m: twofold": TWOFOLD + [gguf, "--target", "gguf", "--dtype", "q4_k_m", "-o", out],
            "gguf to gguf q8_0: gguf package": PACKAGE + ["requantize", gguf, file],
        }
        found = {name: [] for name in commands}
        for _ in range(runs):
            for name, command in commands.items():
                found[name].append(run([str(word) for word in command]))
                shutil.rmtree(out, ignore_errors=True)
                file.unlink(missing_ok=True)
        for name, results in found.items():
            seconds = statistics.median(result[0] for result in results)
            print(f"{name:40} {seconds:8.2f} s {max(result[1] for result in results):8.0f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5)
