#!/usr/bin/env bash
# Generates text greedily from a Twofold output directory with transformers.js.
# usage: tools/transformersjs/run.sh DIR PROMPT [MAX_TOKENS] [DTYPE]
# Prints the prompt and its continuation; installs the npm packages on first use.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

"$here/install.sh"

exec node "$here/run.mjs" "$@"
