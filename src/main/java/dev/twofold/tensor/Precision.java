package dev.twofold.tensor;

/** What a model stores its weights and computes in. Prints as users write it: {@code fp16}. */
public enum Precision {
    FP32("fp32", DType.F32),
    FP16("fp16", DType.F16),
    BF16("bf16", DType.BF16);

    private final String name;
    private final DType dtype;

    Precision(String name, DType dtype) {
        this.name = name;
        this.dtype = dtype;
    }

    public DType dtype() {
        return dtype;
    }

    @Override
    public String toString() {
        return name;
    }
}
