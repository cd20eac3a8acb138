package dev.twofold.onnx;

/** How the devices of a sharded model meet. */
public enum CollectiveName {
    /** {@code com.microsoft.AllReduce}, which ONNX Runtime has where it is built with NCCL. */
    ORT("ort"),
    /** {@code DistCollective} of the default domain, which TensorRT 11 runs over NCCL. */
    TENSORRT("tensorrt"),
    /** No operator: one whole model, whose nodes say in ONNX's own terms how they are to be cut. */
    ANNOTATE("annotate");

    private final String name;

    CollectiveName(String name) {
        this.name = name;
    }

    /** Whether every device has a model of its own. */
    public boolean cuts() {
        return this != ANNOTATE;
    }

    @Override
    public String toString() {
        return name;
    }
}
