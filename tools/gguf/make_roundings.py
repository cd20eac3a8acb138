"""Makes src/test/resources/gguf/roundings.safetensors: random numbers, and the blocks that the references round them to: the
`gguf` package, and for the formats that it cannot make, ggml itself.

    pip install -r tools/gguf/requirements.txt
    npm install --ignore-scripts @node-llama-cpp/linux-x64
    python tools/gguf/make_roundings.py node_modules/@node-llama-cpp/linux-x64/bins/linux-x64 src/test/resources/gguf/roundings.safetensors

numbers, f32 [rows, 256]; NAME.bytes, u8 [rows, bytes]. Where both references make a format, they have to agree.
A second run writes the same bytes.
"""

import ctypes
import sys
from pathlib import Path

import gguf
import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
from safetensors.numpy import save_file

BOTH = ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"]
GGML_ONLY = ["Q4_K", "Q5_K", "Q6_K"]


def numbers():
    """Rows of many kinds: normal, large, small, all of one sign, with outliers, equal, zero, of few different numbers."""
    random = np.random.default_rng(7)
    normal = random.standard_normal((16, 256)).astype(np.float32)
    rows = [normal * np.float32(scale) for scale in (1, 1e-3, 30, 1e-6)]
    rows.append(np.abs(normal[:8]))
    rows.append(-np.abs(normal[:8]))
    rows.append(np.where(random.random((8, 256)) < 0.02, normal[:8] * 50, normal[:8] * 0.1))
    rows.append(np.round(normal[:8] * 2) / 2)
    rows.append(np.stack([np.zeros(256), np.full(256, 0.3), np.full(256, -2.0), np.arange(256) - 128.0]))
    rows.append(random.uniform(-1, 1, (8, 256)))
    return np.concatenate([one.astype(np.float32) for one in rows])


def library(directory):
    ggml = ctypes.CDLL(str(next(Path(directory).glob("libggml-base.so*"))), mode=ctypes.RTLD_GLOBAL)
    ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
    ggml.ggml_quantize_chunk.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p] + [ctypes.c_int64] * 3 + [
        ctypes.c_void_p]
    return ggml


def by_ggml(ggml, name, rows):
    elements, size = GGML_QUANT_SIZES[GGMLQuantizationType[name]]
    out = np.zeros((len(rows), rows.shape[1] // elements * size), dtype=np.uint8)
    ggml.ggml_quantize_chunk(
        int(GGMLQuantizationType[name]), rows.ctypes.data, out.ctypes.data, 0, len(rows), rows.shape[1], None)
    return out


rows = numbers()
ggml = library(sys.argv[1])
tensors = {"numbers": rows}
for name in BOTH + GGML_ONLY:
    tensors[name + ".bytes"] = by_ggml(ggml, name, rows)
for name in BOTH:
    package = gguf.quants.quantize(rows, GGMLQuantizationType[name])
    differ = np.flatnonzero((package != tensors[name + ".bytes"]).any(axis=1))
    print(name, "the references differ in rows", differ.tolist())
    tensors[name + ".bytes"] = package
save_file(tensors, sys.argv[2])
print(len(rows), "rows")
