#!/usr/bin/env bash
# Installs transformers.js from npm for run.mjs, jobs.mjs and page.html, with ONNX Runtime for Node.js and for browsers. The CUDA
# libraries that onnxruntime-node's script would download are left out.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "$here/../npm-install.sh" "$here"
