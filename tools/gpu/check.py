"""Runs Twofold on a device: speed in ONNX Runtime and in transformers, parity of every family, where nodes run, inspect.

usage: check.py OUT [--provider cuda|cpu] [--small] [--minutes N] [--jobs N] [--model DIR] [--only PART ...] [--twofold COMMAND]

OUT is a directory; check.json and check.md appear in it, also when time runs out, with what was done until then. The parts
are speed, transformers, parity, model (only with --model: a checkpoint with a tokenizer, whose parity is tried) and inspect
(of the same). --jobs is how many conversions or families are tried at a time. --small takes one family and one small shape,
to try the script itself. Needs ./twofold of this repository or another COMMAND that runs it, with TWOFOLD_PROFILE=gpu and
TWOFOLD_ONNXRUNTIME set as docs/gpu.md says for cuda, and a Python with PyTorch, transformers, safetensors and onnxruntime
(onnxruntime-gpu for cuda). The largest shape takes some 31 GB of disk and of the card's memory. The exit code is 1 if something
failed or differs, 2 if the machine has not what this needs.
"""

import argparse
import concurrent.futures
import importlib.util
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
PARTS = ["speed", "transformers", "parity", "model", "inspect"]
# The exit code of a command that was stopped because time ran out.
STOPPED = 124


class Shape:
    """Layers, hidden size, heads, KV heads, feed-forward, vocabulary; and the layers that are paired, or merged one by one."""

    def __init__(self, name, sizes, first, last, large=False):
        self.name, self.sizes, self.large = name, sizes, large
        window = ["--window", f"{first}:{last}"]
        merges = ["--merge", ",".join(f"{layer}A-{layer}F" for layer in range(first, last))]
        longer = ["--merge", ",".join(f"{layer}A-{layer + 1}F" for layer in range(first, last, 2))]
        self.plans = {"plain": ["--window", "0:0"], "pairs": window, "merges": merges}
        more = {"pairs, wide caches": [*window, "--kv-layout", "wide"], "staggered pairs": [*window, "--form", "staggered"],
                "merges of four": longer}
        self.onnx_plans = self.plans if large else self.plans | more


SHAPES = [
    Shape("30 x 576 (SmolLM2-135M)", [30, 576, 9, 3, 1536, 49152], 8, 22),
    Shape("16 x 2048 (Llama-3.2-1B)", [16, 2048, 32, 8, 8192, 128256], 4, 14),
    Shape("16 x 4096 (half of Llama-2-7B)", [16, 4096, 32, 32, 11008, 32000], 4, 14, large=True),
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
            "parts": arguments.only, "complete": False}

    def twofold(self, *words):
        """Exit code, standard output and standard error of a command."""
        run = self.run([self.command, *words])
        return run.returncode, run.stdout, run.stderr

    def run(self, command):
        """What a command printed; one that takes longer than there is time is stopped."""
        try:
            return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=max(1, self.left()))
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, STOPPED, "", "time ran out")
        except OSError as error:
            return subprocess.CompletedProcess(command, 127, "", str(error))

    def left(self):
        return self.end - time.monotonic()

    def failed(self, what, error):
        self.found["failed"].append({"what": what, "error": reason(error)})
        self.write()

    def converted(self, checkpoint, name, *options):
        """The output of a conversion, or nothing after a note of what went wrong."""
        out = self.out / "models" / name.replace(",", "").replace(" ", "-")
        code, _, error = self.twofold("convert", checkpoint, "-o", out, *options, "--no-load", "--force", "--quiet")
        if code != 0:
            self.failed(f"the conversion of {name}", error)
            return None
        return out

    def clear(self):
        for name in ("random", "models"):
            shutil.rmtree(self.out / name, ignore_errors=True)

    def random(self, shape):
        self.clear()
        checkpoint = self.out / "random"
        run = self.run([sys.executable, HERE / "random_checkpoint.py", checkpoint, *shape.sizes])
        if run.returncode != 0:
            self.failed(shape.name, run.stderr)
            return None
        return checkpoint

    def speed(self):
        for shape in self.shapes:
            checkpoint = self.random(shape) if self.left() > 0 else None
            if checkpoint:
                options = {name: [*plan, "--dtype", self.dtype] for name, plan in shape.onnx_plans.items()}
                around = ["--dtype", "int4", *(["--around", "fp16"] if self.provider == "cuda" else [])]
                options |= {f"{name}, int4": [*shape.plans[name], *around] for name in ("plain", "pairs")}
                outputs = self.outputs(checkpoint, options)
                self.timed("speed", shape, outputs, [HERE / "speed.py", self.provider])

    def transformers(self):
        for shape in self.shapes:
            checkpoint = self.random(shape) if not shape.large and self.left() > 0 else None
            if checkpoint:
                target = ["--target", "transformers", "--dtype", self.dtype]
                outputs = self.outputs(checkpoint, {name: [*plan, *target] for name, plan in shape.plans.items()})
                for how in ("eager", "compile"):
                    script = [HERE / "transformers_speed.py", how, self.provider]
                    self.timed("transformers", shape, outputs, script, how=how)

    def outputs(self, checkpoint, options):
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            made = pool.map(lambda name: self.converted(checkpoint, name, *options[name]), options)
            return {name: directory for name, directory in zip(options, made) if directory}

    def timed(self, part, shape, outputs, script, **more):
        if "plain" not in outputs:
            return  # which failed, as it says, and there is nothing to compare with
        prompt, new, rounds = (8, 8, 3) if self.small else (128, 96, 5)
        run = self.run([sys.executable, *script, prompt, new, rounds, *outputs.values()])
        found = parsed(run.stdout) if run.returncode == 0 else None
        if not found:
            self.failed(f"timing {shape.name} ({part} {more.get('how', '')})", run.stderr or run.stdout)
            return
        for row, name in zip(found["rows"], [*outputs, "again"]):
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
        checkpoint = ROOT / "testmodels" / "families" / family
        row = self.validated(checkpoint, f"{family}-{dtype}", ["--window", "0:2", "--dtype", dtype], 256)
        return {"family": family, "dtype": dtype, **row} if row else None

    def model(self):
        """A model that people use: plain, paired and merged plans in every type."""
        if not self.model_directory:
            return
        plans = {"plain": ["--window", "0:0"], "pairs": ["--window", "2:4"], "merges": ["--merge", "1A-1F,2F-3A"]}
        for name, plan in plans.items():
            for dtype in self.dtypes:
                row = self.validated(self.model_directory, f"{name}-{dtype}", [*plan, "--dtype", dtype], 2048)
                if row:
                    self.found["model"].append({"plan": name, "dtype": dtype, **row})
                    self.write()

    def inspect(self):
        if not self.model_directory or self.left() <= 0:
            return
        start = time.monotonic()
        code, _, error = self.twofold("inspect", self.model_directory, "-o", self.out / "report", "--provider",
                                      self.provider, "--quiet")
        if code == 0:
            self.found["inspectSeconds"] = time.monotonic() - start
            self.write()
        else:
            self.failed("inspect", error)

    def validated(self, checkpoint, name, options, tokens):
        """What validate found of a conversion, or what either said; nothing if there was no time for it."""
        if self.left() <= 0:
            return None
        out = self.out / "models" / name
        code, _, error = self.twofold("convert", checkpoint, "-o", out, *options, "--no-load", "--force", "--quiet")
        if code == 0:
            code, printed, error = self.twofold("validate", out, "--against", checkpoint, "--tokens", tokens, "--provider",
                                                self.provider, "--format", "json", "--quiet")
            found = parsed(printed)
            if found:
                return {"passed": found["passed"], "relative": found["parity"]["maxRelative"],
                        "routing": found["parity"].get("routing"), "placement": found.get("placement")}
        shutil.rmtree(out, ignore_errors=True)
        return None if code == STOPPED else {"refused": reason(error) or f"exit {code}"}

    def missing(self):
        """What this machine lacks, before anything is made for nothing."""
        code, printed, error = self.twofold("providers")
        if code != 0:
            return f"{self.command} providers: {reason(error)}"
        ready = any(line.startswith(self.provider) and " ready:" in line for line in printed.splitlines())
        if not ready:
            return f"{self.command} providers does not say that {self.provider} is ready:\n{printed}"
        packages = [name for name in ("torch", "transformers", "safetensors", "onnxruntime") if not importlib.util.find_spec(name)]
        return "this Python lacks " + ", ".join(packages) if packages else ""

    def passes(self):
        rows = self.found["parity"] + self.found["model"]
        return not self.found["failed"] and all(row.get("passed", True) for row in rows)

    def write(self):
        (self.out / "check.json").write_text(json.dumps(self.found, indent=1) + "\n")
        (self.out / "check.md").write_text(table(self.found, DTYPES))


def parsed(printed):
    """The document that a command printed as its last line or as a whole, or nothing."""
    for words in (printed, (printed.strip().splitlines() or [""])[-1]):
        try:
            return json.loads(words)
        except json.JSONDecodeError:
            pass
    return None


def reason(error):
    """What Twofold says is wrong; of others the last line, which is where Python says it."""
    lines = [line for line in error.strip().splitlines() if not line.startswith("twofold: building")]
    return next((line for line in lines if line.startswith("twofold: ")), (lines or ["no reason given"])[-1])


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
    parser.add_argument("--jobs", type=int, default=max(1, min(8, len(os.sched_getaffinity(0)) // 2)))
    parser.add_argument("--model", type=pathlib.Path)
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, metavar="PART")
    parser.add_argument("--twofold", default=str(ROOT / "twofold"))
    arguments = parser.parse_args()
    check = Check(arguments)
    lack = check.missing()
    if lack:
        print(lack, file=sys.stderr)
        return 2
    # Speed first: it is what no other machine can tell. What was never tried on a device comes last.
    for part in PARTS:
        if part in arguments.only:
            try:
                getattr(check, part)()
            except Exception as error:  # the other parts are worth their time all the same
                check.failed(part, f"{type(error).__name__}: {error}")
    check.clear()
    check.found["complete"] = check.left() > 0
    check.write()
    print((check.out / "check.md").read_text(), end="")
    return 0 if check.passes() else 1


if __name__ == "__main__":
    sys.exit(main())
