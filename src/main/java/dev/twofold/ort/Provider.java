package dev.twofold.ort;

/** Where ONNX Runtime computes. */
public enum Provider {
    CPU("cpu"),
    CUDA("cuda");

    private final String name;

    Provider(String name) {
        this.name = name;
    }

    @Override
    public String toString() {
        return name;
    }
}
