"""Makes the data of the local tasks from a text that the model was not trained on.

usage: make_tasks.py TEXT DIR

    last_word.jsonl    passages without their last word, which has to be the likeliest one (in the manner of LAMBADA)
    choice.jsonl       passages with four sentences to go on with, one of which does
    perplexity.jsonl   the text in passages
    copy.jsonl, count.jsonl, sum.jsonl    to be answered word for word

The same text gives the same data.
"""

import json
import random
import re
import sys
from pathlib import Path

PASSAGE = 5  # sentences
QUESTIONS = 100  # of a task


def sentences_of(text):
    plain = re.sub(r"\s+", " ", text)
    found = re.split(r"(?<=[.!?])\s+(?=[A-Z\"'])", plain)
    return [sentence.strip() for sentence in found if 20 <= len(sentence) <= 300]


def last_words(sentences, chance):
    """Words of four letters or more that the passage has used before, so that a reader could know them."""
    made = []
    for at in chance.sample(range(PASSAGE, len(sentences)), len(sentences) - PASSAGE):
        before, last = sentences[at - PASSAGE : at], sentences[at]
        match = re.fullmatch(r"(.+\s)([A-Za-z]{4,})[.!?]", last)
        if match and match[2].lower() in " ".join(before).lower():
            made.append({"passage": " ".join(before + [match[1].strip()]), "word": match[2]})
    return made[:QUESTIONS]


def choices(sentences, chance):
    made = []
    for at in chance.sample(range(PASSAGE, len(sentences)), QUESTIONS):
        far = [other for other in range(len(sentences)) if abs(other - at) > 20 * PASSAGE]
        wrong = [sentences[other] for other in chance.sample(far, 3)]
        answer = chance.randrange(4)
        made.append(
            {
                "passage": " ".join(sentences[at - PASSAGE : at]),
                "endings": wrong[:answer] + [sentences[at]] + wrong[answer:],
                "answer": answer,
            }
        )
    return made


def copies(sentences, chance):
    words = sorted({word.lower() for sentence in sentences for word in re.findall(r"\b[A-Za-z]{4,8}\b", sentence)})
    made = []
    for _ in range(QUESTIONS):
        shown = [" ".join(chance.sample(words, 4)) for _ in range(4)]
        before = "".join(f"Say: {line}\nSaid: {line}\n" for line in shown[:-1])
        made.append({"prompt": f"{before}Say: {shown[-1]}\nSaid:", "answer": shown[-1]})
    return made


def counts(chance):
    """By ones, twos, fives and tens: by ones alone small models make no mistake, and by other numbers than these they get none right."""
    made = []
    for _ in range(QUESTIONS):
        first, step = chance.randrange(2, 100), chance.choice((1, 2, 5, 10))
        numbers = [str(first + step * place) for place in range(9)]
        made.append({"prompt": ", ".join(numbers[:5]) + ",", "answer": ", ".join(numbers[5:])})
    return made


def sums(chance):
    made = []
    for _ in range(QUESTIONS):
        lines = [f"{a} + {b} = {a + b}" for a, b in ((chance.randrange(1, 20), chance.randrange(1, 20)) for _ in range(5))]
        prompt, answer = "\n".join(lines).rsplit(" ", 1)
        made.append({"prompt": prompt, "answer": answer})
    return made


def write(path, rows):
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(f"{path}: {len(rows)}")


def main(text, directory):
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    sentences = sentences_of(Path(text).read_text(encoding="utf-8"))
    if len(sentences) < 400:
        sys.exit(f"{text} has {len(sentences)} sentences of 20 to 300 letters; give a text of 400 or more")
    chance = random.Random(1)
    write(directory / "last_word.jsonl", last_words(sentences, chance))
    write(directory / "choice.jsonl", choices(sentences, chance))
    passages = [" ".join(sentences[at : at + 8 * PASSAGE]) for at in range(0, len(sentences) - 8 * PASSAGE, 8 * PASSAGE)]
    write(directory / "perplexity.jsonl", [{"text": passage} for passage in passages])
    write(directory / "copy.jsonl", copies(sentences, chance))
    write(directory / "count.jsonl", counts(chance))
    write(directory / "sum.jsonl", sums(chance))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
