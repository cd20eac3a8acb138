package dev.twofold.ort;

import ai.onnxruntime.OnnxTensor;
import java.util.Map;

/** Keys and values of the tokens so far, under the names of the inputs they go to next. */
public final class KvCache implements AutoCloseable {

    private final Map<String, OnnxTensor> tensors;
    private boolean closed;

    KvCache(Map<String, OnnxTensor> tensors) {
        this.tensors = tensors;
    }

    Map<String, OnnxTensor> tensors() {
        return tensors;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            tensors.values().forEach(OnnxTensor::close);
        }
    }
}
