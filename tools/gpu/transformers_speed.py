"""Decode and prefill speed of checkpoints in transformers, one stream, through generate.

usage: transformers_speed.py eager|compile DEVICE PROMPT NEW ROUNDS DIR DIR ...

The first is the baseline, and is loaded once more for the row "again". A token's time is that of NEW tokens less that
of one, by NEW - 1. eager is the dynamic cache that generate takes by itself; compile is its static cache, with which it
compiles the decoding of a token (torch.compile, on CUDA with graphs). Weights keep the type they are stored in. Prints
one JSON document.
"""

import json
import sys
import time

import torch
import torch._dynamo.utils
import transformers
from rounds import compare
from transformers import AutoModelForCausalLM


class Model:
    def __init__(self, directory, device, compiled):
        self.model = AutoModelForCausalLM.from_pretrained(directory, trust_remote_code=True, dtype="auto")
        self.model = self.model.to(device).eval()
        self.device = device
        self.how = {"cache_implementation": "static"} if compiled else {}
        if compiled and device == "cpu":
            # generate compiles on accelerators only, unless told so.
            config = transformers.CompileConfig(mode="default", fullgraph=False)
            config._compile_all_devices = True
            self.how["compile_config"] = config

    def seconds(self, prompt, new):
        """The time of generating new tokens after a prompt, until the last is there."""
        ids = torch.full((1, prompt), 5, device=self.device)
        start = time.perf_counter()
        made = self.model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, min_new_tokens=new,
                                   max_new_tokens=new, pad_token_id=0, **self.how)
        made.cpu()
        if made.shape[1] != prompt + new:
            sys.exit(f"{made.shape[1] - prompt} tokens came, {new} were asked for")
        return time.perf_counter() - start


def timed(model, prompt, new):
    first = model.seconds(prompt, 1)
    return first, (model.seconds(prompt, new) - first) / (new - 1)


def main(how, device, prompt, new, rounds, directories):
    transformers.utils.logging.set_verbosity_error()
    # One compiled forward for each model; the library shares their code.
    torch._dynamo.config.recompile_limit = 64
    models = [Model(name, device, how == "compile") for name in directories + directories[:1]]
    if new < 2:
        sys.exit("NEW should be 2 or more")
    rows = compare(directories + ["again"], models, lambda model: timed(model, prompt, new), rounds)
    if how == "compile" and not torch._dynamo.utils.counters["stats"]["unique_graphs"]:
        sys.exit("generate compiled nothing")
    print(json.dumps({"transformers": transformers.__version__, "torch": torch.__version__, "rows": rows}))


if __name__ == "__main__":
    if len(sys.argv) < 7 or sys.argv[1] not in ("eager", "compile"):
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]), sys.argv[6:])
