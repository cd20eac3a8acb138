package dev.twofold.graph.lower;

import dev.twofold.diag.PlainName;

/** How the devices of a sharded model meet. */
public enum CollectiveName {
    /** {@code com.microsoft.AllReduce}, which ONNX Runtime has where it is built with NCCL. */
    ORT,
    /** {@code DistCollective} of the default domain, which TensorRT 11 runs over NCCL. */
    TENSORRT,
    /** No operator: one whole model, whose nodes say in ONNX's own terms how they are to be cut. */
    ANNOTATE;

    /** Whether every device has a model of its own. */
    public boolean cuts() {
        return this != ANNOTATE;
    }

    /** Whether the engine is served by Triton, which wants files of its own. */
    public boolean deploys() {
        return this == TENSORRT;
    }

    /** The operators of a model that the engine runs, if nothing else is asked for. */
    public DialectName dialect() {
        return this == TENSORRT ? DialectName.ONNX : DialectName.ORT;
    }

    @Override
    public String toString() {
        return PlainName.of(this);
    }
}
