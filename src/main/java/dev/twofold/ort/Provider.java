package dev.twofold.ort;

import dev.twofold.diag.PlainName;

/** Where ONNX Runtime computes. */
public enum Provider {
    CPU,
    CUDA;

    @Override
    public String toString() {
        return PlainName.of(this);
    }
}
