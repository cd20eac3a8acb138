"""Runs checkpoints cut over the processes of torchrun, beside the same in one process.

usage: run_distributed.py RESULTS.json CHECKPOINT...

RESULTS.json has a {checkpoint, processes, difference, collectives, seconds} for each: the largest difference of logits,
how often one forward called each collective, and the seconds that a token took while generating (the median of some).
"""

import json
import os
import statistics
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_MODULES_CACHE"] = f"{sys.argv[1]}.modules{os.environ['RANK']}"

import torch
import torch.distributed as dist
import transformers
from torch.distributed.tensor.debug import CommDebugMode
from transformers import AutoModelForCausalLM
from transformers.distributed import DistributedConfig

transformers.utils.logging.disable_progress_bar()
torch.set_num_threads(1)

NEW_TOKENS = 16


def load(path, **options):
    return AutoModelForCausalLM.from_pretrained(path, trust_remote_code=True, dtype=torch.float32, **options).eval()


@torch.no_grad()
def seconds_a_token(model, tokens):
    """The median time of a token after a prompt, with its cache."""
    outputs = model(input_ids=tokens, use_cache=True)
    times = []
    for _ in range(NEW_TOKENS):
        # The cache by whatever name this transformers has for it.
        cache = {key: value for key, value in outputs.items() if key in ("cache", "past_key_values")}
        following = outputs.logits[:, -1:].argmax(dim=-1)
        dist.barrier()
        start = time.perf_counter()
        outputs = model(input_ids=following, use_cache=True, **cache)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def run(path):
    parts = DistributedConfig(tp_size=dist.get_world_size(), tp_plan="auto")
    model = load(path, distributed_config=parts)
    tokens = torch.arange(5, 69)[None]
    with torch.no_grad(), CommDebugMode() as counted:
        logits = model(input_ids=tokens).logits
    collectives = {str(name): count for name, count in counted.get_comm_counts().items()}
    seconds = seconds_a_token(model, tokens)
    whole = load(path)
    with torch.no_grad():
        difference = (logits - whole(input_ids=tokens).logits).abs().max().item()
    return {
        "checkpoint": path,
        "processes": dist.get_world_size(),
        "difference": difference,
        "collectives": collectives,
        "seconds": seconds,
    }


def main():
    dist.init_process_group("gloo")
    results = [run(path) for path in sys.argv[2:]]
    if dist.get_rank() == 0:
        with open(sys.argv[1], "w", encoding="utf-8") as file:
            json.dump(results, file)
    dist.barrier()
    dist.destroy_process_group()


main()
