#!/usr/bin/env bash
# Installs llama.cpp from npm for run.mjs: two packages.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "$here/../npm-install.sh" "$here" --omit=optional
