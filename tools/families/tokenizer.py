"""A byte-level BPE tokenizer of 128 tokens: 4 specials, the bytes of printable ASCII and the newline, 28 merges."""

import json
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

SPECIALS = ["<unk>", "<s>", "</s>", "<pad>"]
MERGES = (
    "Ġ t|h e|i n|Ġt he|Ġ a|r e|o n|e r|Ġ s|Ġ w|n d|Ġ o|i s|i t|o u|e n|Ġa nd|Ġ h|in g|Ġ b|e d|Ġ m|a t|o r|Ġ f|Ġo f|Ġ c|Ġt o"
).split("|")


def write(directory: Path) -> None:
    letters = ["Ċ", "Ġ"] + [chr(code) for code in range(33, 127)]
    pieces = SPECIALS + letters + [merge.replace(" ", "") for merge in MERGES]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[tuple(m.split(" ")) for m in MERGES], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in SPECIALS])
    tokenizer.save(str(directory / "tokenizer.json"), pretty=False)
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
        "pad_token": "<pad>", "add_bos_token": False, "model_max_length": 256,
    }
    (directory / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
