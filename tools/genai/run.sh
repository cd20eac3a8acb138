#!/usr/bin/env bash
# Generates text greedily from a Twofold output directory with ONNX Runtime GenAI.
# usage: tools/genai/run.sh DIR PROMPT [MAX_TOKENS]
# Prints the prompt and its continuation; installs the Python package on first use, into tools/genai/venv.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=$here/venv

# The marker is written last, so an install that was cut short is done again; so is one older than requirements.txt.
if [[ ! -e $venv/installed || $here/requirements.txt -nt $venv/installed ]]; then
  python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2 \
    || { echo "run.sh: pip could not install the package" >&2; exit 4; }
  touch "$venv/installed"
fi

# Otherwise it reports its use over the network.
ORT_DISABLE_TELEMETRY=1 exec "$venv/bin/python" "$here/run.py" "$@"
