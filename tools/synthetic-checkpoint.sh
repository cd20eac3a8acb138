#!/usr/bin/env bash
# Writes a checkpoint with random weights, in the size and layout of a real model; --help lists the shapes and options.
# The program is in tools/synthetic. It needs a JDK 17 or later and nothing else.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
bin=${JAVA_HOME:+$JAVA_HOME/bin/}

classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT
"${bin}javac" -d "$classes" "$here"/synthetic/*.java
"${bin}java" -cp "$classes" SyntheticCheckpoint "$@"
