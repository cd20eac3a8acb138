"""The perplexity of an ONNX output on a text, run by ONNX Runtime as it is shipped.

usage: perplexity.py MODEL TEXT [CHARACTERS [WINDOWS]]

A window is a begin token and as many tokens of the text as a context of 512, or the model's own if that is shorter, has room for.
"""

import json
import pathlib
import sys

import numpy
import onnxruntime
from tokenizers import Tokenizer

LONGEST = 512


class Text:
    """Windows of a text, in the tokens of a checkpoint."""

    def __init__(self, checkpoint, file, characters=None, windows=None):
        checkpoint = pathlib.Path(checkpoint)
        config = json.loads((checkpoint / "config.json").read_text())
        length = min(LONGEST, config["max_position_embeddings"])
        tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
        text = pathlib.Path(file).read_text(encoding="utf-8")[:characters]
        tokens = tokenizer.encode(text, add_special_tokens=False).ids
        parts = [tokens[first : first + length - 1] for first in range(0, len(tokens), length - 1)]
        self.windows = [[config["bos_token_id"], *part] for part in parts[:windows] if len(part) > 1]

    @property
    def tokens(self):
        return sum(len(window) - 1 for window in self.windows)

    def loss(self, model):
        """Nats a token of the model in a directory."""
        session = onnxruntime.InferenceSession(str(pathlib.Path(model) / "model.onnx"), providers=["CPUExecutionProvider"])
        return sum(nats(session, window) for window in self.windows) / self.tokens


def nats(session, window):
    """Sum over the tokens of a window but the first."""
    logits = session.run(["logits"], {value.name: fed(value, window[:-1]) for value in session.get_inputs()})[0][0]
    logits = logits.astype(numpy.float64)
    largest = logits.max(axis=1)
    totals = largest + numpy.log(numpy.exp(logits - largest[:, None]).sum(axis=1))
    return float((totals - logits[numpy.arange(len(window) - 1), window[1:]]).sum())


def fed(value, tokens):
    if value.name == "input_ids":
        return numpy.array([tokens], dtype=numpy.int64)
    if value.name == "attention_mask":
        return numpy.ones((1, len(tokens)), dtype=numpy.int64)
    if value.name == "position_ids":
        return numpy.arange(len(tokens), dtype=numpy.int64)[None]
    # A cache with nothing in it: the batch is one, the positions are none.
    shape = [size if isinstance(size, int) else int("batch" in size) for size in value.shape]
    return numpy.zeros(shape, dtype=numpy.float16 if "float16" in value.type else numpy.float32)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4, 5):
        sys.exit(__doc__)
    text = Text(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
    found = text.loss(sys.argv[1])
    print(f"{numpy.exp(found):.4f} ({found:.4f} nats a token) on {text.tokens} tokens in {len(text.windows)} windows")
