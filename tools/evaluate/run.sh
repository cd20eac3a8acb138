#!/usr/bin/env bash
# Runs lm-evaluation-harness on checkpoints, such as an original and what twofold made of it for Transformers, side by side.
# usage: tools/evaluate/run.sh TEXT OUT CHECKPOINT...
#
# TEXT is a text that no model was trained on: the tasks' questions are made of it. OUT is a directory for those and for the
# results. Needs a Python with tools/evaluate/requirements.txt: TWOFOLD_PYTHON, or python3. LIMIT=N asks N questions of each
# task; TASKS chooses tasks (default: all six that need no download).
set -euo pipefail
[[ $# -ge 3 && $1 != -* ]] || { sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }
text=$1
out=$2
shift 2
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
python=${TWOFOLD_PYTHON:-python3}
tasks=${TASKS:-twofold_perplexity,twofold_last_word,twofold_choice,twofold_copy,twofold_count,twofold_sum}

mkdir -p "$out/tasks"
out=$(cd -- "$out" && pwd)
"$python" "$here/make_tasks.py" "$text" "$out/data"
for task in "$here"/tasks/*.yaml; do
  sed "s|DATA/|$out/data/|" "$task" > "$out/tasks/$(basename "$task")"
done

for checkpoint in "$@"; do
  name=$(basename "$checkpoint")
  HF_HUB_OFFLINE=1 HF_DATASETS_CACHE="$out/cache" HF_MODULES_CACHE="$out/modules" "$python" -m lm_eval run --model hf \
    --model_args "pretrained=$checkpoint,trust_remote_code=True,dtype=float32" --include_path "$out/tasks" \
    --tasks "$tasks" --batch_size 4 ${LIMIT:+--limit "$LIMIT"} --output_path "$out/$name" > "$out/$name.log" 2>&1 ||
    { tail -n 20 "$out/$name.log" >&2; exit 1; }
done
"$python" "$here/table.py" "$out" "$@"

cat >&2 <<END

Tasks whose questions have to be downloaded are run by hand, where there is a hub:
  lm_eval run --model hf --model_args pretrained=CHECKPOINT,trust_remote_code=True --batch_size auto \\
    --tasks arc_easy,arc_challenge,hellaswag,piqa,winogrande,boolq
  ... --tasks mmlu --num_fewshot 5
  ... --tasks gsm8k --num_fewshot 5
  HF_ALLOW_CODE_EVAL=1 ... --tasks humaneval --confirm_run_unsafe_code
END
