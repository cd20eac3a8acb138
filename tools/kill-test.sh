#!/usr/bin/env bash
# Kills conversions at random moments (kill -9), and checks after each that nothing half-written is in the target's place
# and that the next conversion works and cleans up.
# usage: tools/kill-test.sh [--kills N] [--seed S] [--work DIR] [--help]
#
#   --kills N   how many (default: 200); every tenth with testmodels/novels-13m, the others with a tiny random checkpoint
#   --seed S    makes the moments repeatable, as far as the machine's speed is (default: 1)
#   --work DIR  where to write (default: a temporary directory); the file system is what is tested
#
# A kill is good if, right after it, the target is absent or passes `twofold verify`; and if the next conversion succeeds
# and leaves nothing beside its output, which is verified every tenth time. Half of the conversions replace an earlier
# output. Half of the kills come at any time after the start, half after the conversion has begun to write. A kill that comes
# when the conversion is done does not count.
#
# Exit status: 0 every kill was good; 1 one was not; 2 usage; 4 a run failed that was not killed.
set -euo pipefail
export LC_ALL=C

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
kills=200
seed=1
work=

die() { # STATUS MESSAGE
  echo "kill-test: $2" >&2
  exit "$1"
}

while (($#)); do
  case $1 in
    --kills | --seed | --work)
      (($# > 1)) || die 2 "$1 needs a value"
      case $1 in
        --kills) kills=$2 ;;
        --seed) seed=$2 ;;
        --work) work=$2 ;;
      esac
      shift 2
      ;;
    -h | --help) sed -n '2,/^[^#]/{s/^# \{0,1\}//p;}' "${BASH_SOURCE[0]}" && exit 0 ;;
    *) die 2 "unknown option $1 (--help lists them)" ;;
  esac
done
[[ $kills =~ ^[1-9][0-9]*$ && $seed =~ ^[0-9]+$ ]] || die 2 "--kills and --seed are numbers"

[[ -z $work ]] || mkdir -p "$work"
scratch=$(mktemp -d "${work:-${TMPDIR:-/tmp}}/kill-test.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
RANDOM=$seed
parent=$scratch/outputs
target=$parent/model
mkdir "$parent"

convert() { # CHECKPOINT [OPTION...]
  local checkpoint=$1
  shift
  exec "$root/twofold" convert "$checkpoint" -o "$target" --window 0:2 --quiet "$@" > "$scratch/log" 2>&1
}

now() { # milliseconds
  echo $((${EPOCHREALTIME/./} / 1000))
}

writing() { # whether a conversion has begun to write
  compgen -G "$parent/.model.twofold-*" > /dev/null
}

# Sets whole and begun: milliseconds that a conversion takes, and until it begins to write.
measure() { # CHECKPOINT
  local start
  start=$(now)
  convert "$1" &
  until writing || ! kill -0 $! 2> /dev/null; do :; done
  begun=$(($(now) - start))
  wait $! || { cat "$scratch/log" >&2 && die 4 "a conversion failed"; }
  whole=$(($(now) - start))
  rm -rf "$target"
}

pause() { # up to so many milliseconds
  sleep "$(awk -v limit="$1" -v part="$RANDOM" 'BEGIN { printf "%.4f", limit * part / 32768 / 1000 }')"
}

bad() { # MESSAGE
  echo "kill $i: $1" >&2
  ls -lA "$parent" >&2
  cat "$scratch/log" >&2
  exit 1
}

verified() {
  "$root/twofold" verify "$target" > "$scratch/log" 2>&1
}

export TWOFOLD_JAVA_OPTS="-XX:TieredStopAtLevel=1 ${TWOFOLD_JAVA_OPTS:-}" # the shortest run, not the fastest code
"$root/tools/synthetic-checkpoint.sh" tiny -o "$scratch/tiny" > /dev/null || die 4 "the checkpoint could not be made"
"$root/twofold" --help > /dev/null || die 4 "twofold does not run" # builds it if need be
declare -A takes begins # milliseconds that a conversion takes, and of these, until it begins to write
for checkpoint in "$root/testmodels/novels-13m" "$scratch/tiny"; do
  measure "$checkpoint"
  takes[$checkpoint]=$whole begins[$checkpoint]=$begun
  echo "${checkpoint##*/}: a conversion takes $whole ms, and writes after $begun ms"
done

hits=0 runs=0 absent=0 found=0 aside=0 staged=0
begin=$(now)
while ((hits < kills)); do
  runs=$((runs + 1))
  i=$((hits + 1))
  checkpoint=$scratch/tiny
  ((i % 10)) || checkpoint=$root/testmodels/novels-13m
  # Of four runs, two replace what the last one made, and two find nothing.
  options=(--force)
  ((i % 4 < 2)) || { rm -rf "$target" && options=(); }
  convert "$checkpoint" "${options[@]}" &
  pid=$!
  if ((i % 2)); then
    pause "${takes[$checkpoint]}"
  else
    until writing || ! kill -0 "$pid" 2> /dev/null; do sleep 0.002; done
    pause $((takes[$checkpoint] - begins[$checkpoint]))
  fi
  if kill -9 "$pid" 2> /dev/null && ! wait "$pid" 2> /dev/null; then
    hits=$((hits + 1))
    ! writing || staged=$((staged + 1))
    ! compgen -G "$parent/.model.twofold-*-old" > /dev/null || aside=$((aside + 1))
    if [[ -e $target ]]; then
      verified || bad "what is in the target's place does not pass"
      found=$((found + 1))
    else
      absent=$((absent + 1))
    fi
    ((hits % 20)) || echo "$hits kills, $runs runs, $((($(now) - begin) / 1000)) s"
  fi
  # How long a run takes changes with what else the machine does, so this one is the measure for the next.
  start=$(now)
  (convert "$checkpoint" --force) || bad "the next conversion failed"
  whole=$(($(now) - start))
  begins[$checkpoint]=$((begins[$checkpoint] * whole / takes[$checkpoint]))
  takes[$checkpoint]=$whole
  ((i % 10)) || verified || bad "the output of the next conversion does not pass"
  [[ $(ls -A "$parent") == model ]] || bad "something is left beside the target"
done
echo "$kills kills of running conversions in $((($(now) - begin) / 1000)) s: $staged of them had begun to write," \
  "$aside had an earlier output aside"
echo "after them the target was whole $found times and absent $absent times, and the next conversion always worked"
