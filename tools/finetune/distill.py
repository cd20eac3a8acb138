"""Trains a model that twofold made shallower to say what the original says.

The loss is the divergence KL(original || model) of the next token, on windows of any text files. It needs no labels, so
the text only has to be of the kind that the model will read. Every weight is trained, or with --lora few beside them.

    python tools/finetune/distill.py ORIGINAL MODEL -o DIR --text FILE... --tokens 300000
    torchrun --nproc-per-node 8 tools/finetune/distill.py ...

MODEL is an output of 'twofold convert --target transformers', and so is DIR: convert DIR again for ONNX Runtime. A run
that is stopped goes on from its last checkpoint when it is started again in the same way.
"""

import argparse
import json
import math
import os
import random
import shutil
import sys
import time
from pathlib import Path

import torch
import torch.distributed as dist
from torch.nn import functional as F
from tqdm import tqdm
from transformers import AutoModelForCausalLM, AutoTokenizer

PROGRESS = "progress.pt"
# What a checkpoint has beside weights and config, which training does not change.
COMPANIONS = ("tokenizer", "special_tokens", "added_tokens", "vocab", "merges", "chat_template")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("original", type=Path, help="the checkpoint that twofold converted")
    parser.add_argument("model", type=Path, help="what it made of it, with --target transformers")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the directory to write")
    parser.add_argument("--text", type=Path, nargs="+", required=True, help="files to train on")
    parser.add_argument("--tokens", type=int, default=300_000, help="tokens to train on in all (default: %(default)s)")
    parser.add_argument("--minutes", type=float, help="stop after so long; the rate falls with the time, not the tokens")
    parser.add_argument("--window", type=int, default=512, help="tokens of a window (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=8, help="windows of a step, of all processes (default: %(default)s)")
    parser.add_argument("--rate", type=float, help="highest learning rate (default: 2e-4, or 1e-3 with --lora)")
    parser.add_argument("--warmup", type=float, default=0.05, help="share of the run until then (default: %(default)s)")
    parser.add_argument("--lora", type=int, metavar="RANK", help="train so many dimensions beside each matrix (PEFT)")
    parser.add_argument("--held-out", type=float, default=0.02, help="share of the windows to test on (default: %(default)s)")
    parser.add_argument("--save-every", type=int, default=50, metavar="STEPS", help="steps a checkpoint (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="order of the windows (default: %(default)s)")
    parser.add_argument("--device", help="such as cpu or cuda (default: cuda where there is one)")
    return parser.parse_args()


class Processes:
    """The processes that torchrun started, or this one alone."""

    def __init__(self, device):
        self.count = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        name = device or ("cuda" if torch.cuda.is_available() else "cpu")
        if name == "cuda":
            name = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
            torch.cuda.set_device(name)
        self.device = torch.device(name)
        if self.count > 1:
            dist.init_process_group("nccl" if self.device.type == "cuda" else "gloo")

    def total(self, tensor):
        if self.count > 1:
            dist.all_reduce(tensor)
        return tensor

    def share(self, windows):
        return windows[self.rank :: self.count]

    def wait(self):
        if self.count > 1:
            dist.barrier()

    def say(self, text):
        if self.rank == 0:
            tqdm.write(text, file=sys.stderr)


def windows_of(texts, tokenizer, length):
    """Windows of so many tokens; what is left over at the end of a text is not used."""
    begin = [tokenizer.bos_token_id] if tokenizer("x").input_ids[:1] == [tokenizer.bos_token_id] else []
    windows = []
    for text in texts:
        ids = tokenizer(text.read_text(encoding="utf-8"), add_special_tokens=False, verbose=False).input_ids
        step = length - len(begin)
        windows += [begin + ids[at : at + step] for at in range(0, len(ids) - step + 1, step)]
    return windows


def divergence(original, model, window, device):
    """KL(original || model), the sum over the tokens of a window, in nats."""
    ids = torch.tensor([window], device=device)
    autocast = torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")
    with torch.no_grad(), autocast:
        expected = original(input_ids=ids, use_cache=False).logits[0]
    with autocast:
        found = model(input_ids=ids, use_cache=False).logits[0]
    return F.kl_div(
        F.log_softmax(found.float(), dim=-1), F.log_softmax(expected.float(), dim=-1), reduction="sum", log_target=True
    )


@torch.no_grad()
def tested(original, model, windows, processes):
    """The mean divergence a token on windows that are not trained on."""
    model.eval()
    own = processes.share(windows)
    total = sum((divergence(original, model, window, processes.device) for window in own), torch.zeros((), device=processes.device))
    model.train()
    return processes.total(total).item() / (len(windows) * len(windows[0]))


def rate_at(share, highest, warmup):
    """A linear rise, then half a cosine down to a tenth."""
    if share < warmup:
        return highest * share / warmup
    fall = (share - warmup) / (1 - warmup)
    return highest * (0.1 + 0.9 * (1 + math.cos(math.pi * min(1, fall))) / 2)


def adapted(model, rank):
    """The model with trainable low-rank terms beside its matrices (Hu et al., 2021)."""
    from peft import LoraConfig, get_peft_model

    names = "q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj"
    return get_peft_model(model, LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=rf".*\.({names})"))


class Progress:
    """What a run has done so far, kept in one file that is replaced whole."""

    def __init__(self, directory, options):
        self.file = directory / PROGRESS
        kept = {key: str(value) for key, value in vars(options).items() if key not in ("save_every", "device", "output")}
        self.options = json.dumps(kept, sort_keys=True)

    def read(self, model, optimizer, device):
        """The step to go on from, the seconds it took and the first test; None if there is nothing."""
        if not self.file.exists():
            return None
        kept = torch.load(self.file, map_location=device, weights_only=True)
        if kept["options"] != self.options:
            raise SystemExit(f"{self.file} is of a run with other options: {kept['options']}; give those, or another -o")
        trained = trainable(model)
        for name, value in kept["weights"].items():
            trained[name].data.copy_(value)
        optimizer.load_state_dict(kept["optimizer"])
        return kept["step"], kept["seconds"], kept["before"]

    def write(self, model, optimizer, step, seconds, before):
        state = {
            "options": self.options,
            "weights": {name: value.data for name, value in trainable(model).items()},
            "optimizer": optimizer.state_dict(),
            "step": step,
            "seconds": seconds,
            "before": before,
        }
        written = self.file.with_suffix(".new")
        torch.save(state, written)
        os.replace(written, self.file)


def trainable(model):
    return {name: value for name, value in model.named_parameters() if value.requires_grad}


def train(original, model, windows, held_out, options, processes):
    """Trains, and says how far apart both models were before and are after."""
    highest = options.rate or (1e-3 if options.lora else 2e-4)
    optimizer = torch.optim.AdamW(trainable(model).values(), lr=highest, betas=(0.9, 0.95), weight_decay=0.0)
    progress = Progress(options.output, options)
    kept = progress.read(model, optimizer, processes.device)
    step, seconds, before = kept or (0, 0.0, tested(original, model, held_out, processes))
    processes.say(f"divergence on held-out windows: {before:.4f} nats a token" if kept is None else f"goes on after step {step}")
    tokens_a_step = options.batch * options.window
    steps = math.ceil(options.tokens / tokens_a_step)
    started = time.monotonic() - seconds
    bar = tqdm(total=steps * tokens_a_step, initial=step * tokens_a_step, unit="tok", disable=processes.rank != 0)
    while step < steps:
        share = step / steps
        if options.minutes:
            # All processes go by the clock of one, so that they stop at one step.
            elapsed = torch.tensor(time.monotonic() - started if processes.rank == 0 else 0.0, device=processes.device)
            share = processes.total(elapsed).item() / (60 * options.minutes)
            if share >= 1:
                break
        loss = trained_step(original, model, optimizer, batch_of(windows, options, step), rate_at(share, highest, options.warmup), processes)
        step += 1
        bar.update(tokens_a_step)
        bar.set_postfix(kl=f"{loss:.4f}")
        if step % options.save_every == 0 and processes.rank == 0:
            progress.write(model, optimizer, step, time.monotonic() - started, before)
    bar.close()
    seconds = time.monotonic() - started
    after = tested(original, model, held_out, processes)
    return {"tokens": step * tokens_a_step, "seconds": round(seconds, 1), "before": round(before, 4), "after": round(after, 4)}


def batch_of(windows, options, step):
    """The windows of a step: every one once in an order of its own, then again in another."""
    chosen = []
    for place in range(step * options.batch, (step + 1) * options.batch):
        epoch, number = divmod(place, len(windows))
        order = list(range(len(windows)))
        random.Random(f"{options.seed} {epoch}").shuffle(order)
        chosen.append(windows[order[number]])
    return chosen


def trained_step(original, model, optimizer, batch, rate, processes):
    """One step of all processes; the mean divergence a token before it."""
    tokens = len(batch) * len(batch[0])
    total = torch.zeros((), device=processes.device)
    optimizer.zero_grad()
    for window in processes.share(batch):
        loss = divergence(original, model, window, processes.device) / tokens
        loss.backward()
        total += loss.detach()
    for value in trainable(model).values():
        if value.grad is None:
            value.grad = torch.zeros_like(value)
        processes.total(value.grad)
    torch.nn.utils.clip_grad_norm_(trainable(model).values(), 1.0)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    return processes.total(total).item()


def save(model, options):
    """The trained model as a checkpoint, in place of the progress."""
    whole = model.merge_and_unload() if options.lora else model
    whole.save_pretrained(options.output)
    for file in sorted(options.model.iterdir()):
        if file.name.startswith(COMPANIONS):
            shutil.copyfile(file, options.output / file.name)
    (options.output / PROGRESS).unlink(missing_ok=True)


def main():
    options = arguments()
    if (options.output / "config.json").exists():
        raise SystemExit(f"{options.output} holds a model already; choose another -o")
    processes = Processes(options.device)
    torch.manual_seed(options.seed)
    tokenizer = AutoTokenizer.from_pretrained(options.original)
    windows = windows_of(options.text, tokenizer, options.window)
    random.Random(options.seed).shuffle(windows)
    test = max(1, round(options.held_out * len(windows)))
    if len(windows) <= test:
        raise SystemExit(f"the texts have {len(windows)} windows of {options.window} tokens; give more text")
    original = AutoModelForCausalLM.from_pretrained(options.original, dtype=torch.float32).to(processes.device).eval()
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32, trust_remote_code=True)
    model = (adapted(model, options.lora) if options.lora else model).to(processes.device).train()
    options.output.mkdir(parents=True, exist_ok=True)
    result = train(original, model, windows[test:], windows[:test], options, processes)
    if processes.rank == 0:
        save(model, options)
        print(json.dumps(result))
    processes.wait()


if __name__ == "__main__":
    main()
