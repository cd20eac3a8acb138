package dev.twofold.estimate;

import dev.twofold.diag.PlainName;
import dev.twofold.graph.operator.Kernels;

/** How kernels get to a device. */
public enum RuntimeName {
    /** All kernels of a call are recorded once and launched together: CUDA graphs. */
    GRAPH,
    /** A compiled runtime launches the kernel of each node, as ONNX Runtime does unless it records them. */
    STREAM,
    /** A framework runs the model's code, which launches kernel after kernel of its smallest operators: PyTorch. */
    EAGER;

    /** How many of them it launches. */
    int launches(Kernels kernels) {
        return this == EAGER ? kernels.eager() : kernels.compiled();
    }

    @Override
    public String toString() {
        return PlainName.of(this);
    }
}
