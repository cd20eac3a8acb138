package dev.twofold.ort;

import ai.onnxruntime.OnnxTensor;
import java.util.List;
import java.util.Map;

/** Keys and values of the tokens so far, under the names of the inputs they go to next, on each device. */
public final class KvCache implements AutoCloseable {

    private final List<Map<String, OnnxTensor>> devices;
    private boolean closed;

    KvCache(List<Map<String, OnnxTensor>> devices) {
        this.devices = List.copyOf(devices);
    }

    Map<String, OnnxTensor> of(int device) {
        return devices.get(device);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            devices.forEach(tensors -> tensors.values().forEach(OnnxTensor::close));
        }
    }
}
