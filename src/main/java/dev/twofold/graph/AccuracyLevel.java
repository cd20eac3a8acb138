package dev.twofold.graph;

import dev.twofold.tensor.Precision;

/**
 * What ONNX Runtime multiplies activations with weights in blocks in, by its own numbers. A runtime that has no such product, such
 * as its CUDA provider, multiplies in the model's type.
 */
public enum AccuracyLevel {
    /** In whatever type the runtime likes. */
    ANY(0),
    /** In fp32. */
    FP32(1),
    /** In int8, to which activations are rounded block by block: the fastest on a CPU. */
    INT8(4);

    private final int number;

    AccuracyLevel(int number) {
        this.number = number;
    }

    /** The usual one: fp32 models are for CPUs, others are not. */
    public static AccuracyLevel of(Precision precision) {
        return precision == Precision.FP32 ? INT8 : ANY;
    }

    /** The attribute of an operator. */
    public int number() {
        return number;
    }

    @Override
    public String toString() {
        return String.valueOf(number);
    }
}
