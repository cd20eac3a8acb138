"""Prints what lm-eval found of several checkpoints, a column each. usage: table.py OUT CHECKPOINT..."""

import json
import sys
from pathlib import Path

SHOWN = ("word_perplexity", "bits_per_byte", "acc", "acc_norm", "perplexity", "exact_match")


def results_of(directory):
    """Scores by task and metric, from the newest file."""
    files = sorted(directory.glob("**/results_*.json"))
    if not files:
        sys.exit(f"{directory} has no results of lm-eval")
    found = json.loads(files[-1].read_text(encoding="utf-8"))["results"]
    return {
        (task.removeprefix("twofold_"), metric): value
        for task, scores in found.items()
        for key, value in scores.items()
        if (metric := key.split(",")[0]) in SHOWN
    }


def main(out, *checkpoints):
    names = [Path(checkpoint).name for checkpoint in checkpoints]
    columns = [results_of(Path(out) / name) for name in names]
    print("| task | score | " + " | ".join(names) + " |")
    print("|---|---|" + "---|" * len(names))
    for task, metric in columns[0]:
        values = [f"{column[task, metric]:.3f}" for column in columns]
        print(f"| {task} | {metric} | " + " | ".join(values) + " |")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
