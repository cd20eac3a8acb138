"""Compares Twofold's int4 models with the GenAI builder's. usage: bench.py CHECKPOINT WORK, or bench.py --decode DIR TOKENS"""

import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
RUNS = int(os.environ.get("RUNS", "5"))
TOKENS = int(os.environ.get("TOKENS", "128"))
TWOFOLD = [str(HERE.parent.parent / "twofold"), "convert"]
BUILDER = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-m", "none", "-e", "cpu"]

# Everything but the checkpoint and the place of the output. The first of each kind is what others are compared with.
MODELS = {
    "builder int4": ["builder", "-p", "int4"],
    "builder int4 mixed": ["builder", "-p", "int4", "--extra_options", "algo_config=k_quant_mixed"],
    "twofold fp32": ["twofold", "--window", "0:0"],
    "twofold int4": ["twofold", "--window", "0:0", "--dtype", "int4"],
    "twofold int4 mixed": ["twofold", "--window", "0:0", "--dtype", "int4", "--mix", "mixed"],
}


def command(options, checkpoint, output):
    if options[0] == "builder":
        cache = str(pathlib.Path(output).parent / "cache")
        return BUILDER + ["-i", checkpoint, "-o", output, "-c", cache] + options[1:]
    return TWOFOLD + [checkpoint, "-o", output, "--force", "--quiet"] + options[1:]


def run(line):
    """Seconds, and the most memory in MB that the process and those it started had."""
    start = time.monotonic()
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"failed: {' '.join(line)}\n{error}")
    return time.monotonic() - start, usage.ru_maxrss / 1024


def size(directory):
    return sum(file.stat().st_size for file in pathlib.Path(directory).rglob("*") if file.is_file()) / 1e6


def decode(directory, tokens):
    """Tokens a second after a prompt as long, the first one left out."""
    import onnxruntime_genai as genai

    model = genai.Model(directory)
    parameters = genai.GeneratorParams(model)
    parameters.set_search_options(max_length=2 * tokens + 1, min_length=2 * tokens + 1, do_sample=False)
    generator = genai.Generator(model, parameters)
    generator.append_tokens([7 + i % 1000 for i in range(tokens)])
    generator.generate_next_token()
    start = time.monotonic()
    for _ in range(tokens):
        generator.generate_next_token()
    print(tokens / (time.monotonic() - start))


def decoded(directory):
    line = [sys.executable, __file__, "--decode", directory, str(TOKENS)]
    return float(subprocess.run(line, check=True, capture_output=True, text=True).stdout)


def table(title, unit, figures, first):
    print(f"\n{title}")
    base = statistics.median(figures[first])
    for name, values in figures.items():
        middle = statistics.median(values)
        print(f"  {name:20s} {middle:9.1f} {unit:6s} {middle / base:6.2f} x {first}   ({min(values):.1f} to {max(values):.1f})")


def main(checkpoint, work):
    work = pathlib.Path(work)
    print(f"{RUNS} runs of each in turn; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before", flush=True)
    seconds = {name: [] for name in MODELS}
    memory = {name: [] for name in MODELS}
    places = {name: str(work / name.replace(" ", "-")) for name in MODELS}
    for _ in range(RUNS):
        for name, options in MODELS.items():
            shutil.rmtree(places[name], ignore_errors=True)
            elapsed, most = run(command(options, checkpoint, places[name]))
            seconds[name].append(elapsed)
            memory[name].append(most)
    speed = {name: [] for name in MODELS}
    for _ in range(RUNS):
        for name in MODELS:
            speed[name].append(decoded(places[name]))
    first = "builder int4"
    table("conversion", "s", seconds, first)
    table("memory of the conversion", "MB", memory, first)
    table("size", "MB", {name: [size(places[name])] for name in MODELS}, first)
    table(f"decoding, {TOKENS} tokens after as many", "tok/s", speed, first)
    table("the same", "tok/s", speed, "twofold fp32")
    print(f"\nload {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "--decode":
        decode(sys.argv[2], int(sys.argv[3]))
    elif len(sys.argv) == 3:
        main(*sys.argv[1:])
    else:
        sys.exit(__doc__)
