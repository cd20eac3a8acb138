package dev.twofold.onnx;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.onnx.KvLayout.Cache;
import java.util.List;
import java.util.SortedMap;

/** How the parts of a decoder are said in one family of operators. What dialects share is in {@link DecoderLowering}. */
interface Dialect {

    SortedMap<String, Long> opsets();

    long irVersion();

    /** Adds the values that every layer needs, such as positions and masks. */
    void prologue();

    /**
     * Settles the stream and returns its norm.
     *
     * @param name unique in the graph
     */
    String norm(String name, Residual residual, Norm norm);

    /**
     * The heads' outputs, side by side, before the output projection.
     *
     * @param parts one attention a cache, in the order of {@code caches}
     */
    String attend(String name, String x, List<Attention> parts, List<Cache> caches);

    /** The logits, as the graph's output {@code logits}, from an embedding table that is also the head. */
    void tiedHead(String x, Linear head);
}
