#!/usr/bin/env bash
# Installs llama.cpp from npm for run.mjs: two packages, without the scripts that would compile or download anything.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

command -v npm > /dev/null || { echo "install.sh: npm (with Node.js 20 or newer) is needed" >&2; exit 4; }

# npm writes the marker last, so an install that was cut short is done again; so is one older than package.json.
marker=$here/node_modules/.package-lock.json
if [[ ! -e $marker || $here/package.json -nt $marker ]]; then
  npm install --prefix "$here" --ignore-scripts --omit=optional --no-audit --no-fund --no-package-lock >&2 \
    || { echo "install.sh: npm could not install the packages" >&2; exit 4; }
  touch "$marker"
fi
