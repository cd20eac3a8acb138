package dev.twofold.tensor;

import dev.twofold.diag.PlainName;

/** What a model stores its weights and computes in. Prints as users write it: {@code fp16}. */
public enum Precision {
    FP32(DType.F32),
    FP16(DType.F16),
    BF16(DType.BF16);

    private final DType dtype;

    Precision(DType dtype) {
        this.dtype = dtype;
    }

    public DType dtype() {
        return dtype;
    }

    @Override
    public String toString() {
        return PlainName.of(this);
    }
}
