package dev.twofold.target.onnx;

import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How an ONNX model is written.
 *
 * @param dialect the operators to use
 * @param layout the KV caches to have
 * @param collective the operators in which the devices of a sharded model meet
 */
public record OnnxOptions(DialectName dialect, KvLayout layout, CollectiveName collective) {

    public static final String DIALECT = "dialect";
    public static final String KV_LAYOUT = "kvLayout";

    /** ONNX Runtime's operators, and a KV cache a layer. */
    public static final OnnxOptions DEFAULT = new OnnxOptions(DialectName.ORT, KvLayout.PER_LAYER, CollectiveName.ORT);

    /** As a manifest keeps them; the collective is part of what it says of the devices. */
    SortedMap<String, String> named() {
        return new TreeMap<>(Map.of(DIALECT, dialect.toString(), KV_LAYOUT, layout.toString()));
    }
}
