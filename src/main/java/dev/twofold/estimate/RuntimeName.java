package dev.twofold.estimate;

/** How kernels get to a device. */
public enum RuntimeName {
    /** All kernels of a call are recorded once and launched together: CUDA graphs. */
    GRAPH("graph"),
    /** A compiled runtime launches the kernel of each node, as ONNX Runtime does unless it records them. */
    STREAM("stream"),
    /** A framework runs the model's code, which launches kernel after kernel of its smallest operators: PyTorch. */
    EAGER("eager");

    private final String name;

    RuntimeName(String name) {
        this.name = name;
    }

    @Override
    public String toString() {
        return name;
    }
}
