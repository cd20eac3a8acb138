package dev.twofold.graph.lower;

import dev.twofold.graph.BlockOperators;

/**
 * How a decoder is said as a graph.
 *
 * @param layout the KV caches it has
 * @param engine whose collectives a device's part of a sharded model has
 * @param accuracyLevel of ONNX Runtime's operators of weights in blocks
 */
public record GraphForm(
        DialectName dialect,
        KvLayout layout,
        CollectiveName engine,
        int accuracyLevel,
        Padding padding,
        LogitsSpan logits) {

    BlockOperators blocks() {
        return dialect.blocks(accuracyLevel);
    }
}
