package dev.twofold.target.onnx;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.TwofoldException;
import dev.twofold.graph.AccuracyLevel;
import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.GraphForm;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.graph.lower.LogitsSpan;
import dev.twofold.graph.lower.Padding;
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
 * @param padding where batches may be filled up
 * @param logits which tokens have them
 * @param fewOperators whether the runtime is a build without some of its operators; which the files are laid out for says it
 */
public record OnnxOptions(
        DialectName dialect,
        KvLayout layout,
        CollectiveName collective,
        Optional<AccuracyLevel> accuracy,
        Padding padding,
        LogitsSpan logits,
        boolean fewOperators) {

    public static final String DIALECT = "dialect";
    public static final String KV_LAYOUT = "kvLayout";
    public static final String ACCURACY_LEVEL = "accuracyLevel";
    public static final String PADDING = "padding";
    public static final String LOGITS = "logits";

    /** ONNX Runtime's operators, and a KV cache a layer. */
    public static final OnnxOptions DEFAULT = new OnnxOptions(DialectName.ORT, KvLayout.PER_LAYER, CollectiveName.ORT);

    public OnnxOptions(DialectName dialect, KvLayout layout, CollectiveName collective) {
        this(dialect, layout, collective, Optional.empty(), Padding.RIGHT, LogitsSpan.ALL);
    }

    public OnnxOptions(
            DialectName dialect,
            KvLayout layout,
            CollectiveName collective,
            Optional<AccuracyLevel> accuracy,
            Padding padding,
            LogitsSpan logits) {
        this(dialect, layout, collective, accuracy, padding, logits, false);
    }

    /** The same for a build of ONNX Runtime without some of its operators. */
    OnnxOptions withFewOperators() {
        return new OnnxOptions(dialect, layout, collective, accuracy, padding, logits, true);
    }

    /** How a graph of this type is built: what weights in blocks are multiplied in depends on it. */
    GraphForm form(Precision precision) {
        int level = accuracy.orElseGet(() -> AccuracyLevel.of(precision)).number();
        return new GraphForm(dialect, layout, collective, level, padding, logits, fewOperators);
    }

    /** @throws TwofoldException of kind USAGE if a sharded model is asked for what engines cannot cut */
    void requireWhole(Decoder decoder) {
        if (decoder.sharding().isPresent() && (padding != Padding.RIGHT || logits != LogitsSpan.ALL)) {
            throw TwofoldException.usage("a sharded model takes batches padded on the right and has all logits")
                    .found("--padding " + padding + " --logits " + logits)
                    .hint("leave out --devices, or these options");
        }
    }

    /** As a manifest keeps them; the collective is part of what it says of the devices. */
    SortedMap<String, String> named() {
        SortedMap<String, String> named =
                new TreeMap<>(Map.of(DIALECT, dialect.toString(), KV_LAYOUT, layout.toString()));
        accuracy.ifPresent(level -> named.put(ACCURACY_LEVEL, level.toString()));
        if (padding != Padding.RIGHT) {
            named.put(PADDING, padding.toString());
        }
        if (logits != LogitsSpan.ALL) {
            named.put(LOGITS, logits.toString());
        }
        return named;
    }

    /** Whether the graph may write new keys and values into the caches that it reads. */
    boolean keepsCachesInPlace() {
        return dialect == DialectName.ORT;
    }
}
