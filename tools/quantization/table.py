"""Prints a Markdown table: what plans and rounding cost by themselves, and what they cost together.

usage: table.py CHECKPOINT TEXT [--characters N] [--windows N] [--plans FILE] [--forms FILE]

PLANS and FORMS are files with lines of a name, a bar and options of `twofold convert`; default: novels-13m.plans and usual.forms beside
this script. A plan that begins with @DIR goes on from a model that was made of the checkpoint before:
`18 merges, compensated | @out/merged --window 0:0`; its gains are folded already, which 4 bits keep worse than gains that stand apart.
The first plan is the model as it is, and the first form is not rounded. Every cell is a conversion, run by ONNX Runtime as it is
shipped: perplexity.py says in which windows of the text. Needs requirements.txt.
"""

import argparse
import math
import pathlib
import subprocess
import tempfile

from perplexity import Text

HERE = pathlib.Path(__file__).resolve().parent
TWOFOLD = str(HERE.parent.parent / "twofold")


def choices(file):
    lines = [line.split("|") for line in pathlib.Path(file).read_text(encoding="utf-8").strip().splitlines()]
    return {name.strip(): options.split() for name, options in lines}


def together(arranged, rounded):
    """Options of a plan and of a form; one that both name is given once."""
    values = {}
    for word in arranged + rounded:
        if word.startswith("--"):
            values[flag := word] = []
        else:
            values[flag].append(word)
    return [word for flag, given in values.items() for word in (flag, *given)]


def convert(checkpoint, arranged, rounded, place):
    """Returns the size of what was written, in MB."""
    made = arranged[0].startswith("@")
    source, arranged = (arranged[0][1:], arranged[1:]) if made else (checkpoint, arranged)
    line = [TWOFOLD, "convert", source, "-o", place, "--force", "--quiet", *together(arranged, rounded)]
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL)
    return sum(file.stat().st_size for file in pathlib.Path(place).rglob("*") if file.is_file()) / 1e6


def main(asked):
    text = Text(asked.checkpoint, asked.text, asked.characters, asked.windows)
    plans, forms = choices(asked.plans), choices(asked.forms)
    print(f"{text.tokens} tokens in {len(text.windows)} windows\n")
    print("| plan | rounding | size | perplexity | loss, nats | sum of both apart | together / apart |")
    print("|---|---|---|---|---|---|---|", flush=True)
    first_plan, first_form = next(iter(plans)), next(iter(forms))
    known = {}
    with tempfile.TemporaryDirectory() as work:
        for plan, arranged in plans.items():
            for form, rounded in forms.items():
                size = convert(asked.checkpoint, arranged, rounded, work + "/model")
                loss = known[plan, form] = text.loss(work + "/model")
                base = known[first_plan, first_form]
                both, apart = loss - base, known[plan, first_form] + known[first_plan, form] - 2 * base
                alone = plan == first_plan or form == first_form
                rest = "| | |" if alone else f"| {apart:+.4f} | {both / apart:.2f} |"
                print(f"| {plan} | {form} | {size:.1f} MB | {100 * math.expm1(both):+.2f}% | {both:+.4f} {rest}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("checkpoint")
    parser.add_argument("text")
    parser.add_argument("--characters", type=int)
    parser.add_argument("--windows", type=int)
    parser.add_argument("--plans", default=HERE / "novels-13m.plans")
    parser.add_argument("--forms", default=HERE / "usual.forms")
    main(parser.parse_args())
