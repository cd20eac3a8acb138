"""Makes src/test/resources/gguf/blocks.safetensors: blocks of random bits in every format, and the float32 numbers that the
`gguf` package makes of them.

    pip install -r tools/gguf/requirements.txt
    python tools/gguf/make_blocks.py src/test/resources/gguf/blocks.safetensors

NAME.bytes, u8 [rows, bytes], and NAME.values, f32 [rows, numbers]. A second run writes the same bytes.
"""

import sys
import zlib

import gguf
import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
from safetensors.numpy import save_file

NUMBERS, ROWS = 768, 2
# Where a block holds numbers of 16 bits: random bits there would often be infinite or not a number.
HALVES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "IQ4_NL": [0], "MXFP4": [],
    "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ4_XS": [0],
}  # fmt: skip


def halves(random, count):
    """Of any size that is finite: large, small, subnormal, zero, of either sign."""
    bits = random.integers(0, 1 << 16, count, dtype=np.uint16)
    infinite = (bits & 0x7C00) == 0x7C00
    return np.where(infinite, bits & 0x83FF, bits).astype(np.uint16)


def make(name):
    elements, size = GGML_QUANT_SIZES[GGMLQuantizationType[name]]
    random = np.random.default_rng(zlib.crc32(name.encode()))
    blocks = random.integers(0, 256, (ROWS * NUMBERS // elements, size), dtype=np.uint8)
    for at in HALVES[name]:
        blocks[:, at : at + 2] = halves(random, len(blocks)).view(np.uint8).reshape(-1, 2)
    if name == "MXFP4":  # exponents that leave the numbers finite, the least two among them
        blocks[:, 0] = random.integers(0, 200, len(blocks))
        blocks[:2, 0] = [0, 1]
    rows = blocks.reshape(ROWS, -1)
    return rows, gguf.quants.dequantize(rows, GGMLQuantizationType[name])


tensors = {}
for name in HALVES:
    rows, values = make(name)
    assert values.dtype == np.float32 and np.isfinite(values).all(), name
    tensors[name + ".bytes"], tensors[name + ".values"] = rows, values
save_file(tensors, sys.argv[1])
print(len(tensors) // 2, "formats")
