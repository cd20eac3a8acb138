#!/usr/bin/env bash
# Generates text greedily from a Twofold output directory with transformers.js.
# usage: tools/transformersjs/run.sh DIR PROMPT [MAX_TOKENS]
# Prints the prompt and its continuation; installs the two npm packages on first use.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

command -v npm > /dev/null || { echo "run.sh: npm (with Node.js 20 or newer) is needed" >&2; exit 4; }

# npm writes the marker last, so an install that was cut short is done again; so is one older than package.json.
marker=$here/node_modules/.package-lock.json
if [[ ! -e $marker || $here/package.json -nt $marker ]]; then
  # onnxruntime-node's install script downloads CUDA libraries; those for the CPU are in the package already.
  npm install --prefix "$here" --ignore-scripts --no-audit --no-fund --no-package-lock >&2 \
    || { echo "run.sh: npm could not install the packages" >&2; exit 4; }
  touch "$marker"
fi

exec node "$here/run.mjs" "$@"
