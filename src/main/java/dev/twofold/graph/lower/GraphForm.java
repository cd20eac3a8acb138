package dev.twofold.graph.lower;

import dev.twofold.graph.BlockOperators;

/**
 * How a decoder is said as a graph.
 *
 * @param layout the KV caches it has
 * @param engine whose collectives a device's part of a sharded model has
 * @param accuracyLevel of ONNX Runtime's operators of weights in blocks
 * @param fewOperators whether rows of tables in blocks are looked up, and all experts run, in standard operators, whatever the dialect
 */
public record GraphForm(
        DialectName dialect,
        KvLayout layout,
        CollectiveName engine,
        int accuracyLevel,
        Padding padding,
        LogitsSpan logits,
        boolean fewOperators) {

    BlockOperators blocks() {
        BlockOperators operators = dialect.blocks(accuracyLevel);
        return fewOperators ? operators.withPlainRows() : operators;
    }

    /** Whether experts are left to an operator that runs those that are chosen. */
    boolean chosenExperts() {
        return dialect == DialectName.ORT && !fewOperators;
    }
}
