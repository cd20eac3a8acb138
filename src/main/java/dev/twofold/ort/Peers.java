package dev.twofold.ort;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.twofold.execution.Exchange;

/** The other devices, as one device sees them. */
interface Peers {

    /** No other devices. */
    Peers NONE = (kind, own) -> {
        throw new IllegalStateException("an exchange on a single device");
    };

    /**
     * Waits for every device's value.
     *
     * @param own this device's, which stays the caller's
     * @return what became of all of them; the caller's
     */
    OnnxTensor exchange(Exchange.Kind kind, OnnxTensor own) throws OrtException;
}
