#!/usr/bin/env bash
# Compares reading what ONNX Runtime GenAI's model builder wrote with reading the checkpoint it was made of.
# usage: tools/genai-builder/bench.sh CHECKPOINT ONNX_MODEL... [--help]
#
#   CHECKPOINT    a directory with safetensors
#   ONNX_MODEL    directories that the builder wrote of it, such as one in fp32 and one in int4
#   RUNS=3        runs of each, alternating
#   TWOFOLD_JAVA_OPTS  more options for the JVM, after -Xmx512m
#
# Each is converted to fp32 with nothing rearranged, from a warm page cache, and its time and the peak of its resident memory are
# the medians of all runs, also as ratios to the checkpoint's. Needs GNU time. Exit status: 0 done; 2 usage; 4 a run failed.
set -euo pipefail
export LC_ALL=C

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
runs=${RUNS:-3}

die() { # STATUS MESSAGE
  echo "bench: $2" >&2
  exit "$1"
}

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
  sed -n '2,/^[^#]/{s/^# \{0,1\}//p;}' "${BASH_SOURCE[0]}"
  exit 0
fi
(($# > 1)) || die 2 "a checkpoint and at least one ONNX model of it (--help)"
[[ $runs =~ ^[1-9][0-9]*$ ]] || die 2 "RUNS is a number from 1, not '$runs'"
for model in "$@"; do
  [[ -d $model ]] || die 2 "no directory $model"
done
clock=$(type -P time) || die 4 "GNU time is not there"

scratch=$(mktemp -d "${TMPDIR:-/tmp}/bench-onnx.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

median() { # FILE COLUMN
  sort -n -k "$2,$2" "$1" | awk -v column="$2" '
    { value[NR] = $column }
    END { printf "%.2f", (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2 }'
}

"$root/twofold" --help > /dev/null || die 4 "twofold does not run" # builds it if need be, before any clock runs
for ((run = 1; run <= runs; run++)); do
  number=0
  for model in "$@"; do
    cat "$model"/* > /dev/null
    sync
    TWOFOLD_JAVA_OPTS="-Xmx512m ${TWOFOLD_JAVA_OPTS:-}" "$clock" -f '%e %M' -a -o "$scratch/$number" \
      "$root/twofold" convert "$model" -o "$scratch/out" --window 0:0 --dtype fp32 --no-load --quiet \
      || die 4 "convert $model failed"
    rm -rf "$scratch/out"
    number=$((number + 1))
  done
done

base_time=$(median "$scratch/0" 1)
base_memory=$(median "$scratch/0" 2)
number=0
for model in "$@"; do
  seconds=$(median "$scratch/$number" 1)
  memory=$(median "$scratch/$number" 2)
  awk -v model="$model" -v s="$seconds" -v m="$memory" -v bs="$base_time" -v bm="$base_memory" 'BEGIN {
    printf "%s: %.2f s (%.2f of the checkpoint), %.0f MB resident (%.2f)\n", model, s, s / bs, m / 1024, m / bm }'
  number=$((number + 1))
done
