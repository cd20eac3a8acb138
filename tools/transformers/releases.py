"""Whether releases of transformers agree on a checkpoint that twofold wrote for them: its logits, and the text it goes on with.

    python tools/transformers/releases.py CHECKPOINT PYTHON...

Each PYTHON is the interpreter of an environment with a release of transformers in it; the first is what the others are
compared with. A release that refuses the checkpoint is shown with what it says. Exits with 1 if logits differ by more than
1e-5 of the largest, or the texts differ.
"""

import json
import math
import subprocess
import sys

TEXT = "The quick brown fox jumps over the lazy dog, and then"
TOLERANCE = 1e-5


def one(checkpoint):
    """What the release of this interpreter makes of a checkpoint, as one line of JSON."""
    import torch
    import transformers
    from transformers import AutoModelForCausalLM, AutoTokenizer

    found = {"transformers": transformers.__version__, "torch": torch.__version__}
    try:
        tokenizer = AutoTokenizer.from_pretrained(checkpoint, trust_remote_code=True)
        model = AutoModelForCausalLM.from_pretrained(checkpoint, trust_remote_code=True, dtype=torch.float32).eval()
    except (ImportError, ValueError) as error:
        print(json.dumps(found | {"error": f"{type(error).__name__}: {error}"}))
        return
    ids = tokenizer(TEXT, return_tensors="pt").input_ids
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0]
        text = model.generate(ids, max_new_tokens=16, do_sample=False, pad_token_id=0)[0, ids.shape[1] :]
    print(json.dumps(found | {"logits": logits.tolist(), "text": tokenizer.decode(text), "class": type(model).__name__}))


def run(python, checkpoint):
    done = subprocess.run([python, __file__, "--one", checkpoint], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        sys.exit(f"{python}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def difference(one, other):
    """The largest, as a share of the largest logit; infinite if a logit is no finite number."""
    if not all(math.isfinite(value) for row in one + other for value in row):
        return math.inf
    largest = max(abs(value) for row in one for value in row)
    return max(abs(a - b) for left, right in zip(one, other, strict=True) for a, b in zip(left, right, strict=True)) / largest


def main(checkpoint, *pythons):
    first = run(pythons[0], checkpoint)
    if "error" in first:
        sys.exit(f"transformers {first['transformers']}: {first['error']}")
    print(f"{first['transformers']}: {first['class']}, goes on with {first['text']!r}")
    agreed = True
    for python in pythons[1:]:
        found = run(python, checkpoint)
        if "error" in found:
            print(f"{found['transformers']}: {found['error']}")
            continue
        apart = difference(first["logits"], found["logits"])
        same = apart <= TOLERANCE and found["text"] == first["text"]
        agreed = agreed and same
        print(f"{found['transformers']}: {found['class']}, logits apart by {apart:.1e}, text {'the same' if same else repr(found['text'])}")
    sys.exit(0 if agreed else 1)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--one":
        one(sys.argv[2])
    elif len(sys.argv) >= 4:
        main(*sys.argv[1:])
    else:
        sys.exit(__doc__)
