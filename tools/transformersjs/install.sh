#!/usr/bin/env bash
# Installs transformers.js from npm for run.mjs, jobs.mjs and page.html, with ONNX Runtime for Node.js and for browsers.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

command -v npm > /dev/null || { echo "install.sh: npm (with Node.js 20 or newer) is needed" >&2; exit 4; }

# npm writes the marker last, so an install that was cut short is done again; so is one older than package.json.
marker=$here/node_modules/.package-lock.json
if [[ ! -e $marker || $here/package.json -nt $marker ]]; then
  # onnxruntime-node's install script downloads CUDA libraries; those for the CPU are in the package already.
  npm install --prefix "$here" --ignore-scripts --no-audit --no-fund --no-package-lock >&2 \
    || { echo "install.sh: npm could not install the packages" >&2; exit 4; }
  touch "$marker"
fi
