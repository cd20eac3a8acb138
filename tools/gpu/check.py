"""Runs Twofold on a device: parity of every family, where nodes run, and speed. Writes one JSON and one table.

usage: check.py OUT [--provider cuda|cpu] [--small] [--minutes N] [--twofold COMMAND]

OUT is a directory; check.json and check.md appear in it, also when time runs out, with what was done until then. --small takes
one family and one small shape, to try the script itself. Needs ./twofold of this repository or another COMMAND that runs it, and
a Python with PyTorch, safetensors and onnxruntime (onnxruntime-gpu for cuda).
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DTYPES = ["fp32", "fp16", "bf16", "int4"]
# Layers, hidden size, heads, KV heads, feed-forward, vocabulary; and the window of layers that is paired, or merged layer by layer.
SHAPES = {
    "30 x 576 (SmolLM2-135M)": ([30, 576, 9, 3, 1536, 49152], "8:22"),
    "16 x 2048 (Llama-3.2-1B)": ([16, 2048, 32, 8, 8192, 128256], "4:14"),
    "16 x 4096 (half of Llama-2-7B)": ([16, 4096, 32, 32, 11008, 32000], "4:14"),
}
SMALL_SHAPES = {"6 x 64": ([6, 64, 4, 2, 128, 256], "2:4")}


class Check:
    """What was found so far."""

    def __init__(self, arguments):
        self.out = pathlib.Path(arguments.out).resolve()
        self.out.mkdir(parents=True, exist_ok=True)
        self.provider = arguments.provider
        self.small = arguments.small
        self.command = arguments.twofold
        self.end = time.monotonic() + 60 * arguments.minutes
        self.found = {
            "commit": text(["git", "-C", str(ROOT), "rev-parse", "HEAD"]), "provider": self.provider,
            "device": device(self.provider), "parity": [], "speed": [], "failed": [], "complete": False}

    def twofold(self, *words):
        """Exit code and standard output of a command."""
        run = self.run([self.command, *map(str, words)])
        if run.returncode not in (0, 1):
            print(run.stderr, file=sys.stderr)
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

    def parity(self):
        families = sorted(path.name for path in (ROOT / "testmodels" / "families").iterdir()
                          if (path / "model.safetensors").exists())
        for family in ["mixtral"] if self.small else families:
            for dtype in ["fp32", "fp16"] if self.small else DTYPES:
                if not self.in_time():
                    return False
                checkpoint, model = ROOT / "testmodels" / "families" / family, self.out / "model"
                row = {"family": family, "dtype": dtype}
                code, _, error = self.twofold("convert", checkpoint, "-o", model, "--window", "0:2", "--dtype", dtype,
                                              "--no-load", "--force", "--quiet")
                if code == 0:
                    code, out, error = self.twofold("validate", model, "--against", checkpoint, "--tokens", 256,
                                                    "--provider", self.provider, "--format", "json", "--quiet")
                    if code in (0, 1):
                        found = json.loads(out)
                        row.update(passed=found["passed"], relative=found["parity"]["maxRelative"],
                                   routing=found["parity"].get("routing"), placement=found.get("placement"))
                if "passed" not in row:
                    row["refused"] = error.strip().splitlines()[0] if error.strip() else "exit " + str(code)
                self.found["parity"].append(row)
                self.write()
        return True

    def speed(self):
        for name, (shape, window) in (SMALL_SHAPES if self.small else SHAPES).items():
            if not self.in_time():
                return False
            problem = self.timed(name, shape, window)
            if problem:
                self.found["failed"].append({"shape": name, "error": problem})
            self.write()
        return self.in_time()

    def timed(self, name, shape, window):
        """What went wrong, if anything did."""
        checkpoint = self.out / "random"
        shutil.rmtree(checkpoint, ignore_errors=True)
        run = self.run([sys.executable, HERE / "random_checkpoint.py", checkpoint, *shape])
        if run.returncode != 0:
            return run.stderr
        first, last = map(int, window.split(":"))
        merges = ",".join(f"{layer}A-{layer}F" for layer in range(first, last))
        plans = {"plain": ["--window", "0:0"], "paired": ["--window", window],
                 "wide": ["--window", window, "--kv-layout", "wide"], "merged": ["--merge", merges]}
        directories = []
        for plan, options in plans.items():
            directories.append(self.out / plan)
            code, _, error = self.twofold("convert", checkpoint, "-o", directories[-1], *options, "--dtype",
                                          "fp16" if self.provider == "cuda" else "fp32", "--no-load", "--force", "--quiet")
            if code != 0:
                return error
        prompt, new, rounds = (8, 8, 3) if self.small else (128, 96, 7)
        run = self.run([sys.executable, HERE / "speed.py", self.provider, prompt, new, rounds, *directories])
        if run.returncode != 0:
            return run.stderr
        found = json.loads(run.stdout)
        for row in found["rows"]:
            row["model"] = pathlib.Path(row["model"]).name
        self.found["speed"].append({"shape": name, "prompt": prompt, "new": new, **found})
        return ""

    def write(self):
        (self.out / "check.json").write_text(json.dumps(self.found, indent=1) + "\n")
        (self.out / "check.md").write_text(table(self.found))


def table(found):
    """The page's part, in Markdown."""
    lines = [f"{found['device']}, provider {found['provider']}, commit {found['commit'][:7]}"
             + ("" if found["complete"] else "; time ran out before everything was run"), "",
             "| type | families that pass | largest relative difference of those | others |", "|---|---|---|---|"]
    for dtype in DTYPES:
        rows = [row for row in found["parity"] if row["dtype"] == dtype]
        good = [row for row in rows if row.get("passed")]
        others = [row["family"] + (f" {row['relative']:.1e}" if "relative" in row else " refused")
                  for row in rows if not row.get("passed")]
        if rows:
            lines.append(f"| {dtype} | {len(good)} of {len(rows)} | {max([row['relative'] for row in good], default=0):.1e} | "
                         + (", ".join(others) or "none") + " |")
    for speed in found["speed"]:
        lines += ["", f"{speed['shape']}, prompt of {speed['prompt']}, then {speed['new']} tokens:", "",
                  "| plan | prefill ms | decode ms a token | prefill x | decode x | spread of decode |",
                  "|---|---|---|---|---|---|"]
        lines += [f"| {row['model']} | {row['prefillMillis']:.2f} | {row['decodeMillis']:.3f} | {row['prefillSpeedup']:.3f} | "
                  f"{row['decodeSpeedup']:.3f} | {row['decodeLow']:.3f} to {row['decodeHigh']:.3f} |"
                  for row in speed["rows"]]
    for failed in found["failed"]:
        lines += ["", f"{failed['shape']} was not timed: {(failed['error'].strip().splitlines() or ['no reason given'])[-1]}"]
    return "\n".join(lines) + "\n"


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
    parser.add_argument("--twofold", default=str(ROOT / "twofold"))
    check = Check(parser.parse_args())
    # Speed first: it is what no other machine can tell.
    check.found["complete"] = all([check.speed(), check.parity()])
    check.write()
    print((check.out / "check.md").read_text(), end="")


if __name__ == "__main__":
    main()
