#!/bin/sh
# Fuzzes the readers with Jazzer, guided by coverage, in a heap of 256 MB, and counts what it finds.
#
#   tools/fuzz.sh [SECONDS [TARGET...]]
#
# SECONDS for each target, 60 by default; TARGET is a directory of src/test/resources/fuzz, all of them by default.
# What was found lies under target/fuzz/TARGET; the corpus that grows there is used again by the next run.
set -eu
cd "$(dirname -- "$0")/.."
seconds=${1:-60}
[ $# -eq 0 ] || shift
seeds=src/test/resources/fuzz
[ $# -gt 0 ] || set -- $(ls "$seeds")

class_of() {
  case $1 in
    safetensors) echo dev.twofold.source.huggingface.SafetensorsFuzz ;;
    safetensors-header) echo dev.twofold.source.huggingface.SafetensorsHeaderFuzz ;;
    gguf) echo dev.twofold.source.gguf.GgufFuzz ;;
    onnx) echo dev.twofold.source.onnx.OnnxFuzz ;;
    index) echo dev.twofold.fuzz.IndexFuzz ;;
    config) echo dev.twofold.fuzz.ConfigFuzz ;;
    family) echo dev.twofold.fuzz.FamilyFuzz ;;
    hardware) echo dev.twofold.fuzz.HardwareFuzz ;;
    pipeline) echo dev.twofold.fuzz.PipelineFuzz ;;
    manifest) echo dev.twofold.fuzz.ManifestFuzz ;;
    tokenizer) echo dev.twofold.tokenizer.TokenizerFuzz ;;
    *)
      echo "fuzz.sh: there is no target '$1'; there are: $(ls "$seeds" | tr '\n' ' ')" >&2
      exit 2
      ;;
  esac
}

for name; do class_of "$name" >/dev/null; done
work=$PWD/target/fuzz
mkdir -p "$work"
mvn -B -q -P fuzz test-compile dependency:build-classpath -Dmdep.outputFile="$work/classpath"
CLASSPATH=$PWD/target/test-classes:$PWD/target/classes:$(cat "$work/classpath")
export CLASSPATH

# What an earlier run has found is not found again.
touch "$work/started"
printf '%-20s %12s %10s %10s\n' target executions coverage findings
total=0
found=0
for name; do
  mkdir -p "$work/$name/corpus" "$work/$name/findings"
  log=$work/$name/log
  code=0
  java -Xmx256m com.code_intelligence.jazzer.Jazzer --target_class="$(class_of "$name")" \
    --instrumentation_includes='dev.twofold.**' \
    --keep_going=100 --reproducer_path="$work/$name/findings" -artifact_prefix="$work/$name/findings/" \
    -max_total_time="$seconds" -timeout=300 -report_slow_units=60 -rss_limit_mb=4096 -max_len=16384 -print_final_stats=1 \
    "$work/$name/corpus" "$seeds/$name" >"$log" 2>&1 || code=$?
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)
  coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
  findings=$(find "$work/$name/findings" \( -name 'crash-*' -o -name 'timeout-*' -o -name 'oom-*' \) -newer "$work/started" | wc -l)
  # A process that dies without a report is a finding too.
  if [ "$code" -ne 0 ] && [ "$findings" -eq 0 ]; then findings=1; fi
  printf '%-20s %12s %10s %10s\n' "$name" "${executions:-0}" "${coverage:-0}" "$findings"
  total=$((total + ${executions:-0}))
  found=$((found + findings))
done
printf '%-20s %12s %10s %10s\n' all "$total" '' "$found"
[ "$found" -eq 0 ]
