#!/usr/bin/env bash
# How far a model seems to be from itself: bench DIR DIR ten times, on a machine that does nothing else.
# usage: tools/bench-again.sh DIR [LIMIT]    LIMIT is a share, 0.02 if none is given; the exit code is 1 if one of ten is beyond it
set -euo pipefail
directory=$(realpath "$1")
limit=${2:-0.02}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for _ in $(seq 10); do
  ./twofold bench "$directory" "$directory" --format json --quiet
done | python3 -c '
import json, sys
text, at, ratios = sys.stdin.read(), 0, []
while at < len(text.rstrip()):
    run, length = json.JSONDecoder().raw_decode(text[at:].lstrip())
    at += len(text[at:]) - len(text[at:].lstrip()) + length
    ratios += [(run["speedup"][1], run["firstAgain"]["median"], run["runs"][1]["differs"])]
limit = float(sys.argv[1])
for second, again, differs in ratios:
    print("second %.4f, the first again %.4f%s" % (second, again, ", SAID TO DIFFER" if differs else ""))
beyond = sum(abs(ratio[0] - 1) > limit for ratio in ratios)
print("%d of %d within %g" % (len(ratios) - beyond, len(ratios), limit))
sys.exit(beyond > 0)
' "$limit"
