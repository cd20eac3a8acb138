package dev.twofold.execution;

import java.util.List;
import java.util.Optional;

/**
 * A part of a device's graph that runs without hearing of the other devices.
 *
 * @param model the serialized model, whose weights are in the device's own data file
 * @param inputs values it reads: inputs of the graph, what earlier segments made, what was exchanged
 * @param outputs values it makes that others read, outputs of the graph among them
 * @param then what is exchanged after it; empty after the last
 */
public record Segment(byte[] model, List<String> inputs, List<String> outputs, Optional<Exchange> then) {

    public Segment {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }
}
