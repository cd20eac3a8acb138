"""Runs checkpoints in transformers, and writes what they computed for the tests in Java to compare.

usage: run_checkpoints.py CASES.json RESULTS.json

CASES.json is a list of {name, checkpoint, tokens, prompts, new, rate, logits, saved, savedLogits}: a directory, rows of
token ids of one length, how many of each are its prompt in a padded batch, how many tokens to generate, the learning
rate of one step of training, and where to write logits (float32, little-endian) before it, the model after it, and its
logits.
"""

import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_MODULES_CACHE"] = os.path.join(os.path.dirname(os.path.abspath(sys.argv[2])), "modules")

import torch
import transformers
from transformers import AutoModelForCausalLM

transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
torch.set_num_threads(1)


def load(directory, **options):
    return AutoModelForCausalLM.from_pretrained(directory, trust_remote_code=True, dtype=torch.float32, **options).eval()


def generated(model, ids, mask, new):
    """The tokens that greedy search adds, the ends of texts taken for words."""
    settings = transformers.GenerationConfig(max_new_tokens=new, do_sample=False, pad_token_id=0, use_cache=True)
    model.generation_config.eos_token_id = None
    with torch.no_grad():
        return model.generate(ids, attention_mask=mask, generation_config=settings)[:, ids.shape[1] :]


def padded(rows, left):
    """Rows of several lengths as a batch with its mask."""
    longest = max(len(row) for row in rows)
    blank = [[0] * (longest - len(row)) for row in rows]
    ids = [pad + row if left else row + pad for pad, row in zip(blank, rows)]
    mask = [[0] * len(pad) + [1] * len(row) if left else [1] * len(row) + [0] * len(pad) for pad, row in zip(blank, rows)]
    return torch.tensor(ids), torch.tensor(mask)


def padding_error(model, rows, left):
    """The largest difference of a row in a padded batch from the row alone."""
    ids, mask = padded(rows, left)
    with torch.no_grad():
        batch = model(input_ids=ids, attention_mask=mask).logits
        alone = [model(input_ids=torch.tensor([row])).logits[0] for row in rows]
    return max((batch[i][mask[i].bool()] - own).abs().max().item() for i, own in enumerate(alone))


def gradients(model, tokens, checkpointing):
    model.train()
    if checkpointing:
        model.gradient_checkpointing_enable()
    else:
        model.gradient_checkpointing_disable()
    model.zero_grad()
    loss = model(input_ids=tokens, labels=tokens).loss
    loss.backward()
    return loss.item(), {name: value.grad.clone() for name, value in model.named_parameters() if value.grad is not None}


def run(case):
    model = load(case["checkpoint"])
    tokens = torch.tensor(case["tokens"])
    prompts = [row[:length] for row, length in zip(case["tokens"], case["prompts"])]
    result = {"name": case["name"], "architecture": type(model).__name__}
    with torch.no_grad():
        logits = model(input_ids=tokens).logits
        eager = load(case["checkpoint"], attn_implementation="eager")(input_ids=tokens).logits
    logits.numpy().astype("<f4").tofile(case["logits"])
    result["eager"] = (logits - eager).abs().max().item()
    result["leftPadding"] = padding_error(model, prompts, True)
    result["rightPadding"] = padding_error(model, prompts, False)
    alone = torch.tensor([prompts[0]])
    result["generated"] = generated(model, alone, torch.ones_like(alone), case["new"])[0].tolist()
    ids, mask = padded(prompts, True)
    result["generatedInBatch"] = generated(model, ids, mask, case["new"]).tolist()
    loss, plain = gradients(model, tokens, False)
    repeated_loss, repeated = gradients(model, tokens, True)
    result["checkpointing"] = max((plain[name] - repeated[name]).abs().max().item() for name in plain)
    result["withoutGradient"] = [name for name, _ in model.named_parameters() if name not in plain]
    torch.optim.SGD(model.parameters(), lr=case["rate"]).step()
    model.eval()
    with torch.no_grad():
        result["loss"] = [loss, model(input_ids=tokens, labels=tokens).loss.item()]
        trained = model(input_ids=tokens).logits
    model.save_pretrained(case["saved"])
    trained.numpy().astype("<f4").tofile(case["savedLogits"])
    return result


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = json.load(file)
    document = {
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "cases": [run(case) for case in cases],
    }
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(document, file)


main()
