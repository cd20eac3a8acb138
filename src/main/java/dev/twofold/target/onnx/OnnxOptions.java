package dev.twofold.target.onnx;

import dev.twofold.graph.AccuracyLevel;
import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.tensor.Precision;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How an ONNX model is written.
 *
 * @param dialect the operators to use
 * @param layout the KV caches to have
 * @param collective the operators in which the devices of a sharded model meet
 * @param accuracy that weights in blocks are multiplied with; empty for what suits the type of everything else
 */
public record OnnxOptions(
        DialectName dialect, KvLayout layout, CollectiveName collective, Optional<AccuracyLevel> accuracy) {

    public static final String DIALECT = "dialect";
    public static final String KV_LAYOUT = "kvLayout";
    public static final String ACCURACY_LEVEL = "accuracyLevel";

    /** ONNX Runtime's operators, and a KV cache a layer. */
    public static final OnnxOptions DEFAULT = new OnnxOptions(DialectName.ORT, KvLayout.PER_LAYER, CollectiveName.ORT);

    public OnnxOptions(DialectName dialect, KvLayout layout, CollectiveName collective) {
        this(dialect, layout, collective, Optional.empty());
    }

    /** The number for what weights in blocks are multiplied in, in a model of this type. */
    int accuracyLevel(Precision precision) {
        return accuracy.orElseGet(() -> AccuracyLevel.of(precision)).number();
    }

    /** As a manifest keeps them; the collective is part of what it says of the devices. */
    SortedMap<String, String> named() {
        SortedMap<String, String> named =
                new TreeMap<>(Map.of(DIALECT, dialect.toString(), KV_LAYOUT, layout.toString()));
        accuracy.ifPresent(level -> named.put(ACCURACY_LEVEL, level.toString()));
        return named;
    }
}
