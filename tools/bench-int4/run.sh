#!/usr/bin/env bash
# Compares int4 models of Twofold with those of ONNX Runtime GenAI's model builder: time, memory and size of the conversion, and
# how fast they decode in GenAI. Prints ratios, all of one run.
# usage: tools/bench-int4/run.sh CHECKPOINT [WORK]
#
#   CHECKPOINT  a Hugging Face directory, such as tools/smollm2/make.sh makes
#   WORK        where models go (kept); default: a temporary directory
#   RUNS=5      conversions and decodings of each, in turn
#   TOKENS=128  of the prompt, and as many that are decoded
#
# Needs Python 3.10 or later and a network on first use: PyTorch, which the builder runs on, takes 6 GB. Nothing else should run
# meanwhile: the load of the machine is printed with the figures.
set -euo pipefail
(($# >= 1 && $# <= 2)) && [[ $1 != -* ]] || { sed -n '2,14s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=${BENCH_VENV:-$here/venv}

# The marker is written last, so an install that was cut short is done again; so is one older than requirements.txt.
if [[ -z ${BENCH_VENV:-} && (! -e $venv/installed || $here/requirements.txt -nt $venv/installed) ]]; then
  python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2 \
    || { echo "run.sh: pip could not install the packages" >&2; exit 4; }
  touch "$venv/installed"
fi

work=${2:-}
if [[ -z $work ]]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi
mkdir -p "$work"

"$here/../../twofold" --help > /dev/null # builds it if need be, before any clock runs
ORT_DISABLE_TELEMETRY=1 HF_HUB_OFFLINE=1 "$venv/bin/python" "$here/bench.py" "$1" "$work"
