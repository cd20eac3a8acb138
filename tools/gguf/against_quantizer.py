"""Compares a GGUF file of Twofold's with what llama.cpp's own quantizer makes of the same model in float32: the type of every
tensor, and every byte of it.

    pip install -r tools/gguf/requirements.txt
    tools/llamacpp/install.sh
    ./twofold convert testmodels/novels-13m --target gguf -o out/f32 --window 0:0
    ./twofold convert testmodels/novels-13m --target gguf -o out/q4 --window 0:0 --dtype q4_k_m
    python tools/gguf/against_quantizer.py out/f32/model.gguf out/q4/model.gguf

Exit status: 0 equal; 1 different.
"""

import ctypes
import sys
import tempfile
from pathlib import Path

import gguf
import numpy as np

LIBRARIES = Path(__file__).parent.parent / "llamacpp/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64"


class Parameters(ctypes.Structure):
    """The beginning of llama_model_quantize_params, and room for the rest of it."""

    _fields_ = [("threads", ctypes.c_int32), ("file_type", ctypes.c_int32), ("rest", ctypes.c_uint8 * 248)]


def quantize(source, target, file_type):
    for name in ("libggml-base", "libggml-cpu-x64", "libggml.", "libllama."):
        llama = ctypes.CDLL(str(sorted(LIBRARIES.glob(name + "*so*"))[0]), mode=ctypes.RTLD_GLOBAL)
    llama.llama_backend_init()
    llama.llama_model_quantize_default_params.restype = Parameters
    parameters = llama.llama_model_quantize_default_params()
    parameters.file_type = file_type
    status = llama.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(parameters))
    assert status == 0, "llama.cpp could not quantize " + str(source)


def tensors(path):
    reader = gguf.GGUFReader(path)
    return reader, {tensor.name: tensor for tensor in reader.tensors}


source, ours = map(Path, sys.argv[1:])
reader, own = tensors(ours)
with tempfile.TemporaryDirectory() as directory:
    reference = Path(directory) / "reference.gguf"
    quantize(source, reference, int(reader.fields["general.file_type"].contents()))
    _, expected = tensors(reference)
    different = 0
    for name in sorted(own.keys() | expected.keys()):
        if name not in own or name not in expected:
            found = "is in one of the files only"
        elif own[name].tensor_type != expected[name].tensor_type:
            found = f"is {own[name].tensor_type.name}, not {expected[name].tensor_type.name}"
        elif not np.array_equal(own[name].data, expected[name].data, equal_nan=False):
            found = "has other bytes"
        else:
            continue
        different += 1
        print(name, found)
print(f"{len(own)} tensors, {different} different")
sys.exit(1 if different else 0)
