#!/bin/sh
# Builds a TensorRT engine for each device, and puts them into a Triton model repository.
#   sh build-engines.sh REPOSITORY [BATCH [TOKENS]]
# REPOSITORY is made if it does not exist. BATCH (1) and TOKENS (the model's context) are the most of a request.
# Run it on GPUs of the kind that are to serve.
set -eu

model='@MODEL@'
devices='@DEVICES@'
context='@CONTEXT@'

fail() {
    echo "build-engines.sh: $2" >&2
    exit "$1"
}

if [ "$#" -lt 1 ] || [ "$#" -gt 3 ]; then
    fail 2 'usage: sh build-engines.sh REPOSITORY [BATCH [TOKENS]]'
fi
repository=$1
batch=${2:-1}
tokens=${3:-$context}
for number in "$batch" "$tokens"; do
    case $number in
        '' | 0* | *[!0-9]* | ??????????*) fail 2 "'$number' is not a positive number of at most 9 digits" ;;
    esac
done
[ "$tokens" -le "$context" ] || fail 2 "$tokens tokens are more than the model's context, $context"
command -v trtexec >/dev/null 2>&1 || fail 4 'trtexec is not on the PATH; it comes with TensorRT, of which this needs 11'

conversion=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
rank=0
while [ "$rank" -lt "$devices" ]; do
    for file in stateless.onnx model.onnx.data; do
        [ -f "$conversion/rank-$rank/$file" ] || fail 3 "rank $rank is missing: $conversion/rank-$rank/$file"
    done
    rank=$((rank + 1))
done

version=$repository/$model/1
mkdir -p "$version"
typical=$(((tokens + 1) / 2))
rank=0
while [ "$rank" -lt "$devices" ]; do
    plan=$version/model.plan.rank$rank
    # One process has no peers to exchange with, so the engine is built and not run.
    trtexec --onnx="$conversion/rank-$rank/stateless.onnx" --saveEngine="$plan.part" \
        --stronglyTyped --skipInference \
        --minShapes=input_ids:1x1,attention_mask:1x1 \
        --optShapes="input_ids:${batch}x$typical,attention_mask:${batch}x$typical" \
        --maxShapes="input_ids:${batch}x$tokens,attention_mask:${batch}x$tokens" ||
        fail 1 "trtexec did not build the engine of rank $rank"
    mv -f "$plan.part" "$plan"
    rank=$((rank + 1))
done
# Triton looks for this name before it reads the parameters.
ln -sf model.plan.rank0 "$version/model.plan"
cp "$conversion/triton/$model/config.pbtxt" "$repository/$model/config.pbtxt"
