"""Runs a checkpoint cut over the processes of torchrun, beside the same in one process.

usage: run_distributed.py CHECKPOINT RESULT.json

RESULT.json has {difference, collectives, embedding, seconds}: the largest difference of logits, how often one forward
called each collective, and the seconds that a token took (the median of some) while generating.
"""

import json
import os
import statistics
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_MODULES_CACHE"] = sys.argv[2] + f".modules{os.environ['RANK']}"

import torch
import torch.distributed as dist
import transformers
from torch.distributed.tensor.debug import CommDebugMode
from transformers import AutoModelForCausalLM
from transformers.distributed import DistributedConfig

transformers.utils.logging.disable_progress_bar()
torch.set_num_threads(1)

NEW_TOKENS = 16


def load(**options):
    path = sys.argv[1]
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


def main():
    model = load(distributed_config=DistributedConfig(tp_size=int(os.environ["WORLD_SIZE"]), tp_plan="auto"))
    tokens = torch.arange(5, 69)[None]
    with torch.no_grad(), CommDebugMode() as counted:
        logits = model(input_ids=tokens).logits
    collectives = {str(name): count for name, count in counted.get_comm_counts().items()}
    seconds = seconds_a_token(model, tokens)
    if dist.get_rank() == 0:
        with torch.no_grad():
            whole = load()(input_ids=tokens).logits
        result = {
            "processes": dist.get_world_size(),
            "difference": (logits - whole).abs().max().item(),
            "collectives": collectives,
            "seconds": seconds,
        }
        with open(sys.argv[2], "w", encoding="utf-8") as file:
            json.dump(result, file)
    dist.barrier()
    dist.destroy_process_group()


main()
