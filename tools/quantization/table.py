"""Prints a Markdown table: what plans and rounding cost by themselves, and what they cost together.

usage: table.py CHECKPOINT TOKENS [PLANS [FORMS]]

PLANS and FORMS are files with lines of a name, a bar and options of `twofold convert`; default: those below, for models of 16
layers. A plan that begins with @DIR goes on from a model that was made of the checkpoint before, so that what it was refitted
to is not fitted again for every form: `18 merges, compensated | @out/merged --window 0:0`; its gains are folded
already, which 4 bits keep worse than gains that stand apart. The first plan is the model as it is, and the first form is not rounded. Every cell is a conversion and a `twofold validate`
of it on TOKENS tokens; one whose parity fails ends the run.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

PLANS = """
as it is | --window 0:0
pairs 2:16 | --window 2:16
the same, compensated | --window 2:16 --compensate
14 merges | --merge 1A-1F,2A-2F,3A-3F,4A-4F,5A-5F,6A-6F,7A-7F,8A-8F,9A-9F,10A-10F,11A-11F,12A-12F,13A-13F,14A-14F
"""
FORMS = """
fp32 |
fp16 | --dtype fp16
int8 | --dtype int8
int4, nearest | --dtype int4
int4, search | --dtype int4 --rounding search
int4, gptq | --dtype int4 --rounding gptq
int4, gptq, refitted | --dtype int4 --rounding gptq --refit
"""


def choices(text):
    lines = [line.split("|") for line in text.strip().splitlines()]
    return {name.strip(): options.split() for name, options in lines}


def loss(checkpoint, tokens, options, place):
    """The rise of the loss in nats."""
    twofold = str(ROOT / "twofold")
    made = options[0][1:] if options and options[0].startswith("@") else None
    source, options = (made, options[1:]) if made else (checkpoint, options)
    subprocess.run([twofold, "convert", source, "-o", place, "--force", "--quiet", *options], check=True, stdout=subprocess.DEVNULL)
    line = [twofold, "validate", place, "--against", source, "--original", checkpoint, "--tokens", tokens, "--format", "json", "--quiet"]
    report = subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout
    quality = json.loads(report)["quality"]
    return quality["loss"] - quality["baseLoss"]


def main(checkpoint, tokens, plans, forms):
    print("| plan | rounding | loss, nats | sum of both apart | together / apart |")
    print("|---|---|---|---|---|", flush=True)
    first_plan, first_form = next(iter(plans)), next(iter(forms))
    known = {}
    with tempfile.TemporaryDirectory() as work:
        for plan, arranged in plans.items():
            for form, rounded in forms.items():
                both = loss(checkpoint, tokens, arranged + rounded, work + "/model")
                known[plan, form] = both
                apart = known[plan, first_form] + known[first_plan, form]
                alone = plan == first_plan or form == first_form
                rest = "| | |" if alone else f"| {apart:+.4f} | {both / apart:.2f} |"
                print(f"| {plan} | {form} | {both:+.4f} {rest}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4, 5):
        sys.exit(__doc__)
    texts = [pathlib.Path(name).read_text() for name in sys.argv[3:]] + [PLANS, FORMS][len(sys.argv) - 3 :]
    main(sys.argv[1], sys.argv[2], choices(texts[0]), choices(texts[1]))
