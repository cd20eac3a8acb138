#!/usr/bin/env bash
# Prints a Markdown table: what layer parallelism, and what it is compared with, costs in quality.
# usage: tools/quality-table.sh [CHECKPOINT] [TOKENS]     default: testmodels/novels-13m, 24576 tokens
# Every row is a conversion and a `twofold validate` of it; a row whose parity fails ends the run with status 1.
set -euo pipefail
export LC_ALL=C

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
checkpoint=${1:-$root/testmodels/novels-13m}
tokens=${2:-24576}
work=$(mktemp -d "${TMPDIR:-/tmp}/quality-table.XXXXXX")
trap 'rm -rf "$work"' EXIT

row() { # NAME CONVERT_OPTION...
  local name=$1
  shift
  "$root/twofold" convert "$checkpoint" -o "$work/model" --quiet "$@" > /dev/null
  "$root/twofold" validate "$work/model" --against "$checkpoint" --tokens "$tokens" --format json --quiet > "$work/report.json" \
    || { echo "quality-table: validation of '$name' failed" >&2; exit 1; }
  rm -rf "$work/model"
  awk -v name="$name" -F'[:,]' '
    { gsub(/[ "]/, "", $1); v[$1] = $2 + 0 }
    END {
      printf "| %s | %d | %+.4f | %.2f | %.1f%% | %.4f | %.1e |\n", name, v["effectiveDepth"],
        v["loss"] - v["baseLoss"], v["perplexity"], 100 * v["accuracyKept"], v["kl"], v["maxAbsolute"]
    }' "$work/report.json"
}

drop() { # LAYER...: a pipeline that drops them
  printf 'steps:\n  - drop-layers: {layers: [%s]}\n  - fold-norms\n' "$(IFS=,; echo "$*")" > "$work/drop.yaml"
}

echo "| plan | effective depth | loss, nats | perplexity | accuracy kept | KL, nats | parity: max logit difference |"
echo "|---|---|---|---|---|---|---|"
row "unpaired" --window 0:0
row "\`--window 4:14\`" --window 4:14
row "\`--window 2:14\`" --window 2:14
row "\`--window 2:14 --one-sync\`" --window 2:14 --one-sync
row "\`--window 1:15\`" --window 1:15
row "\`--window 2:16\`" --window 2:16
row "\`--window 0:16\`" --window 0:16
row "\`--window 2:14 --group 3\`" --window 2:14 --group 3
row "\`--window 2:14 --group 4\`" --window 2:14 --group 4
drop 7 8 9
row "dropping layers 7-9" --pipeline "$work/drop.yaml"
drop 5 6 7 8 9 10
row "dropping layers 5-10" --pipeline "$work/drop.yaml"
