#!/usr/bin/env bash
# Compares `twofold convert` with copying the same checkpoint, and reports the peak heap of the conversion.
# usage: tools/bench-convert.sh [--shape NAME] [--work DIR] [--big] [--help]
#
#   --shape NAME  a shape of tools/synthetic-checkpoint.sh with at least 14 layers; default llama-3.2-1b
#   --work DIR    keep the checkpoint in DIR/synth-NAME, or use the one that is there; default: a temporary directory
#   --big         also convert llama-3.2-1b-x4, four times the bytes, once (23 GB of disk) and report its peak heap
#   RUNS=5        runs of each, alternating
#   TWOFOLD_JAVA_OPTS  more options for the JVM, after -Xmx512m
#
# Exit status: 0 within the limits; 1 the ratio of the medians is above 2.0 or a peak heap above 256 MB; 2 usage;
# 4 a run failed.
set -euo pipefail
export LC_ALL=C # a decimal point in the times, whatever the user's language

readonly MAX_RATIO=2.0 MAX_HEAP_MB=256
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
shape=llama-3.2-1b
work=
big=false
runs=${RUNS:-5}
java_opts="-Xmx512m ${TWOFOLD_JAVA_OPTS:-}"

die() { # STATUS MESSAGE
  echo "bench-convert: $2" >&2
  exit "$1"
}

while (($#)); do
  case $1 in
    --shape | --work)
      (($# > 1)) || die 2 "$1 needs a value"
      if [[ $1 == --shape ]]; then shape=$2; else work=$2; fi
      shift 2
      ;;
    --big) big=true && shift ;;
    -h | --help) sed -n '2,/^[^#]/{s/^# \{0,1\}//p;}' "${BASH_SOURCE[0]}" && exit 0 ;;
    *) die 2 "unknown option $1 (--help lists them)" ;;
  esac
done
[[ $runs =~ ^[1-9][0-9]*$ ]] || die 2 "RUNS is a number from 1, not '$runs'"

# What this script writes and removes is all in a directory of its own, inside the user's if there is one.
[[ -z $work ]] || mkdir -p "$work"
scratch=$(mktemp -d "${work:-${TMPDIR:-/tmp}}/bench-convert.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
[[ -n $work ]] || work=$scratch

checkpoint() { # SHAPE: sets ckpt
  ckpt=$work/synth-$1
  # config.json is written last, so it stands for a whole checkpoint
  [[ -e $ckpt/config.json ]] || "$root/tools/synthetic-checkpoint.sh" "$1" -o "$ckpt" \
    || die 4 "the checkpoint could not be made"
}

# Runs a command from a warm page cache and with nothing waiting to be written; sets elapsed, in seconds.
# The time ends with a sync, which costs little after a command that has synced its own files.
timed() { # COMMAND...
  cat "$ckpt"/* > /dev/null
  sync
  local start=$EPOCHREALTIME
  "$@" > "$scratch/log" 2>&1 || { cat "$scratch/log" >&2 && die 4 "failed: $*"; }
  sync
  elapsed=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }')
}

convert() { # GC_LOG: sets elapsed
  TWOFOLD_JAVA_OPTS="$java_opts -Xlog:gc*:file=$1" \
    timed "$root/twofold" convert "$ckpt" -o "$scratch/out" --window 4:14 --dtype fp16
  rm -rf "$scratch/out"
}

copy() { # sets elapsed
  timed cp -r "$ckpt" "$scratch/copy"
  rm -rf "$scratch/copy"
}

# The most that was in use, garbage included, in MB: before any collection, or at the exit (where a collector with
# generations prints a line for each).
peak_heap() { # GC_LOG...
  awk '
    function megabytes(text) { return text / (text ~ /K/ ? 1024 : text ~ /G/ ? 1 / 1024 : 1) }
    function note(used) { if (used > peak) peak = used }
    FNR == 1 { note(exit_used); exit_used = 0 }
    /Pause/ && match($0, /[0-9]+[KMG]->/) { note(megabytes(substr($0, RSTART, RLENGTH))) }
    /gc,heap,exit/ && match($0, /total [0-9]+[KMG], used [0-9]+[KMG]/) {
      split(substr($0, RSTART, RLENGTH), words, " ")
      exit_used += megabytes(words[4])
    }
    END { note(exit_used); printf "%.0f", peak }' "$@"
}

median() {
  printf '%s\n' "$@" | sort -n | awk '
    { time[NR] = $1 }
    END { printf "%.2f", (time[int((NR + 1) / 2)] + time[int(NR / 2) + 1]) / 2 }'
}

within() { # VALUE LIMIT
  awk -v value="$1" -v limit="$2" 'BEGIN { exit !(value <= limit) }'
}

"$root/twofold" --help > /dev/null || die 4 "twofold does not run" # builds it if need be, before any clock runs
checkpoint "$shape"
echo "$shape: $(du -sLm "$ckpt" | cut -f1) MB, $runs runs of each, JVM options: $java_opts"

converts=() copies=()
for ((run = 1; run <= runs; run++)); do
  convert "$scratch/gc-$run.log"
  converts+=("$elapsed")
  copy
  copies+=("$elapsed")
  echo "run $run: convert ${converts[-1]} s, cp + sync ${copies[-1]} s"
done

convert_median=$(median "${converts[@]}")
copy_median=$(median "${copies[@]}")
ratio=$(awk -v a="$convert_median" -v b="$copy_median" 'BEGIN { printf "%.2f", a / b }')
heap=$(peak_heap "$scratch"/gc-*.log)
echo "median: convert $convert_median s, cp + sync $copy_median s"
echo "ratio: $ratio (limit $MAX_RATIO)"
echo "peak heap in use: $heap MB (limit $MAX_HEAP_MB)"

status=0
within "$ratio" "$MAX_RATIO" || status=1
within "$heap" "$MAX_HEAP_MB" || status=1

if $big; then
  checkpoint llama-3.2-1b-x4
  convert "$scratch/gc-big.log"
  heap=$(peak_heap "$scratch/gc-big.log")
  echo "llama-3.2-1b-x4: convert $elapsed s, peak heap in use: $heap MB (limit $MAX_HEAP_MB)"
  within "$heap" "$MAX_HEAP_MB" || status=1
fi
exit $status
