"""Runs Twofold on a device: speed in ONNX Runtime and in transformers, parity of every family, where nodes run, inspect.

usage: check.py OUT [--provider cuda|cpu] [--small] [--minutes N] [--jobs N] [--model DIR] [--only PART ...] [--twofold COMMAND]

OUT is a directory; check.json and check.md appear in it, also when time runs out, with what was done until then. The parts
are speed, transformers, model (only with --model: a checkpoint with a tokenizer, whose parity and inspect are tried) and
parity. --jobs is how many families are tried at a time. --small takes one family and one small shape, to try the script
itself. Needs ./twofold of this repository or another COMMAND that runs it, and a Python with PyTorch, transformers,
safetensors and onnxruntime (onnxruntime-gpu for cuda).
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

from tables import table

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DTYPES = ["fp32", "fp16", "bf16", "int4"]
PARTS = ["speed", "transformers", "model", "parity"]


class Shape:
    """Layers, hidden size, heads, KV heads, feed-forward, vocabulary; and the layers that are paired, or merged one by one."""

    def __init__(self, name, sizes, first, last, in_transformers=True):
        self.name, self.sizes, self.in_transformers = name, sizes, in_transformers
        window = ["--window", f"{first}:{last}"]
        merges = ["--merge", ",".join(f"{layer}A-{layer}F" for layer in range(first, last))]
        longer = ["--merge", ",".join(f"{layer}A-{layer + 1}F" for layer in range(first, last, 2))]
        self.plans = {"plain": ["--window", "0:0"], "pairs": window, "merges": merges}
        self.onnx_plans = self.plans | {
            "pairs, wide caches": [*window, "--kv-layout", "wide"], "staggered pairs": [*window, "--form", "staggered"],
            "merges of four": longer}


SHAPES = [
    Shape("30 x 576 (SmolLM2-135M)", [30, 576, 9, 3, 1536, 49152], 8, 22),
    Shape("16 x 2048 (Llama-3.2-1B)", [16, 2048, 32, 8, 8192, 128256], 4, 14),
    Shape("16 x 4096 (half of Llama-2-7B)", [16, 4096, 32, 32, 11008, 32000], 4, 14, in_transformers=False),
]
SMALL_SHAPES = [Shape("6 x 64", [6, 64, 4, 2, 128, 256], 2, 4)]


class Check:
    """What was found so far."""

    def __init__(self, arguments):
        self.out = pathlib.Path(arguments.out).resolve()
        self.out.mkdir(parents=True, exist_ok=True)
        self.provider, self.small, self.jobs = arguments.provider, arguments.small, arguments.jobs
        self.model_directory = arguments.model
        self.command = arguments.twofold
        self.shapes = SMALL_SHAPES if self.small else SHAPES
        # fp16 and bf16 are computed in fp32 on a CPU.
        self.dtype = "fp16" if self.provider == "cuda" else "fp32"
        self.dtypes = DTYPES[:2] if self.small else DTYPES
        self.end = time.monotonic() + 60 * arguments.minutes
        self.found = {
            "commit": text(["git", "-C", str(ROOT), "rev-parse", "HEAD"]), "provider": self.provider,
            "device": device(self.provider), "speed": [], "transformers": [], "model": [], "parity": [], "failed": [],
            "complete": False}

    def twofold(self, *words):
        """Exit code, standard output and standard error of a command."""
        run = self.run([self.command, *words])
        return run.returncode, run.stdout, run.stderr

    def run(self, command):
        """What a command printed; one that takes longer than there is time is stopped."""
        left = max(1, self.end - time.monotonic())
        try:
            return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=left)
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 124, "", "time ran out")

    def in_time(self):
        return time.monotonic() < self.end

    def failed(self, what, error):
        self.found["failed"].append({"what": what, "error": error})
        self.write()

    def converted(self, checkpoint, name, *options):
        """The output of a conversion, or nothing after a note of what went wrong."""
        out = self.out / "models" / name.replace(",", "").replace(" ", "-")
        code, _, error = self.twofold("convert", checkpoint, "-o", out, *options, "--no-load", "--force", "--quiet")
        if code != 0:
            self.failed(f"{name} of {checkpoint}", error)
            return None
        return out

    def random(self, shape):
        checkpoint = self.out / "random"
        shutil.rmtree(checkpoint, ignore_errors=True)
        shutil.rmtree(self.out / "models", ignore_errors=True)
        run = self.run([sys.executable, HERE / "random_checkpoint.py", checkpoint, *shape.sizes])
        if run.returncode != 0:
            self.failed(shape.name, run.stderr)
            return None
        return checkpoint

    def speed(self):
        for shape in self.shapes:
            checkpoint = self.random(shape) if self.in_time() else None
            if checkpoint:
                options = {name: [*plan, "--dtype", self.dtype] for name, plan in shape.onnx_plans.items()}
                around = ["--dtype", "int4", *(["--around", "fp16"] if self.provider == "cuda" else [])]
                options |= {f"{name}, int4": [*shape.plans[name], *around] for name in ("plain", "pairs")}
                self.timed("speed", shape, checkpoint, options, [HERE / "speed.py", self.provider])

    def transformers(self):
        for shape in self.shapes:
            checkpoint = self.random(shape) if shape.in_transformers and self.in_time() else None
            if checkpoint:
                target = ["--target", "transformers", "--dtype", self.dtype]
                options = {name: [*plan, *target] for name, plan in shape.plans.items()}
                for how in ("eager", "compile"):
                    script = [HERE / "transformers_speed.py", how, self.provider]
                    self.timed("transformers", shape, checkpoint, options, script, how=how)

    def timed(self, part, shape, checkpoint, options, script, **more):
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            made = pool.map(lambda name: self.converted(checkpoint, name, *options[name]), options)
            directories = {name: directory for name, directory in zip(options, made) if directory}
        prompt, new, rounds = (8, 8, 3) if self.small else (128, 96, 5)
        run = self.run([sys.executable, *script, prompt, new, rounds, *directories.values()])
        if run.returncode != 0:
            self.failed(f"speed of {shape.name}", run.stderr)
            return
        found = json.loads(run.stdout)
        for row, name in zip(found["rows"], [*directories, "again"]):
            row["model"] = name
        self.found[part].append({"shape": shape.name, "prompt": prompt, "new": new, **more, **found})
        self.write()

    def parity(self):
        families = sorted(path.name for path in (ROOT / "testmodels" / "families").iterdir()
                          if (path / "model.safetensors").exists())
        tried = [(family, dtype) for family in (["mixtral"] if self.small else families)
                 for dtype in self.dtypes]
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            for row in pool.map(lambda pair: self.parity_of(*pair), tried):
                if row:
                    self.found["parity"].append(row)
                    self.write()

    def parity_of(self, family, dtype):
        if not self.in_time():
            return None
        checkpoint = ROOT / "testmodels" / "families" / family
        row = self.validated(checkpoint, f"{family}-{dtype}", ["--window", "0:2", "--dtype", dtype], 256)
        return {"family": family, "dtype": dtype, **row}

    def model(self):
        """A model that people use: parity of plain and merged plans in every type, and the time of inspect."""
        if not self.model_directory:
            return
        plans = {"plain": ["--window", "0:0"], "pairs": ["--window", "2:4"], "merges": ["--merge", "1A-1F,2F-3A"]}
        for name, plan in plans.items():
            for dtype in self.dtypes:
                if self.in_time():
                    row = self.validated(self.model_directory, f"{name}-{dtype}", [*plan, "--dtype", dtype], 2048)
                    self.found["model"].append({"plan": name, "dtype": dtype, **row})
                    self.write()
        start = time.monotonic()
        code, _, error = self.twofold("inspect", self.model_directory, "-o", self.out / "report", "--provider",
                                      self.provider, "--quiet")
        if code != 0:
            self.failed("inspect", error)
            return
        self.found["inspectSeconds"] = time.monotonic() - start
        self.write()

    def validated(self, checkpoint, name, options, tokens):
        """What validate found of a conversion, or what either said."""
        out = self.out / "models" / name
        code, _, error = self.twofold("convert", checkpoint, "-o", out, *options, "--no-load", "--force", "--quiet")
        if code == 0:
            code, printed, error = self.twofold("validate", out, "--against", checkpoint, "--tokens", tokens, "--provider",
                                                self.provider, "--format", "json", "--quiet")
            shutil.rmtree(out, ignore_errors=True)
            if code in (0, 1):
                found = json.loads(printed)
                return {"passed": found["passed"], "relative": found["parity"]["maxRelative"],
                        "routing": found["parity"].get("routing"), "placement": found.get("placement")}
        return {"refused": (error.strip().splitlines() or [f"exit {code}"])[0]}

    def write(self):
        (self.out / "check.json").write_text(json.dumps(self.found, indent=1) + "\n")
        (self.out / "check.md").write_text(table(self.found, DTYPES))


def text(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def device(provider):
    if provider == "cuda":
        return text(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"])
    names = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return f"{os.cpu_count()} cores of {names[0] if names else 'a CPU'}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--provider", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 2) // 2))
    parser.add_argument("--model", type=pathlib.Path)
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, metavar="PART")
    parser.add_argument("--twofold", default=str(ROOT / "twofold"))
    arguments = parser.parse_args()
    check = Check(arguments)
    # Speed first: it is what no other machine can tell.
    for part in PARTS:
        if part in arguments.only:
            getattr(check, part)()
    check.found["complete"] = check.in_time()
    check.write()
    print((check.out / "check.md").read_text(), end="")


if __name__ == "__main__":
    main()
