package dev.twofold.ort;

import dev.twofold.diag.PlainName;

/** Where ONNX Runtime computes. */
public enum Provider {
    CPU,
    CUDA;

    public boolean isCpu() {
        return this == CPU;
    }

    @Override
    public String toString() {
        return PlainName.of(this);
    }
}
