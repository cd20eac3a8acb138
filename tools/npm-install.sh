#!/usr/bin/env bash
# Installs what a directory's package.json names from npm, without the scripts that would compile or download anything.
# usage: tools/npm-install.sh DIRECTORY [OPTION of npm install]...
set -euo pipefail
(($#)) || { sed -n '2,3s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2; }
directory=$1
shift

command -v npm > /dev/null || { echo "npm-install.sh: npm (with Node.js 20 or newer) is needed" >&2; exit 4; }

# npm writes the marker last, so an install that was cut short is done again; so is one older than package.json.
marker=$directory/node_modules/.package-lock.json
if [[ ! -e $marker || $directory/package.json -nt $marker ]]; then
  npm install --prefix "$directory" --ignore-scripts --no-audit --no-fund --no-package-lock "$@" >&2 \
    || { echo "npm-install.sh: npm could not install the packages of $directory" >&2; exit 4; }
  touch "$marker"
fi
