package dev.twofold.graph.lower;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.PlainName;
import dev.twofold.graph.BlockOperators;
import dev.twofold.graph.GraphBuilder;

/** The dialects a user can choose. */
public enum DialectName {
    /** ONNX Runtime's fused operators: GroupQueryAttention, SkipSimplifiedLayerNormalization. */
    ORT,
    /** Standard ONNX operators only: Attention, RotaryEmbedding, RMSNormalization of opset 23. */
    ONNX;

    Dialect create(GraphBuilder graph, Decoder decoder, GraphForm form) {
        return this == ORT
                ? new OrtDialect(graph, decoder, form.padding())
                : new StandardDialect(graph, decoder, form.engine() == CollectiveName.TENSORRT);
    }

    /** How weights in blocks are said. */
    BlockOperators blocks(int accuracyLevel) {
        return this == ORT ? BlockOperators.fused(accuracyLevel) : BlockOperators.STANDARD;
    }

    @Override
    public String toString() {
        return PlainName.of(this);
    }
}
