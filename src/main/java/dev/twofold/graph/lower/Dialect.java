package dev.twofold.graph.lower;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Norm;
import dev.twofold.graph.lower.KvLayout.Cache;
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
     * The norm of a value that is no stream.
     *
     * @param name unique in the graph
     */
    String normalize(String name, String x, Norm norm);

    /** The ids of the tokens as the model takes them, int64 {@code [batch, sequence]}. */
    String ids();

    /** What comes out of the last step, {@code [batch, sequence, hidden]}, in the order of the graph's ids. */
    String restored(String x);

    /** The same of the last token of each row alone, {@code [batch, 1, hidden]}. */
    String lastOf(String x);

    /** Position of every token, int64 {@code [batch, sequence]}. */
    String positions();

    /**
     * The heads' outputs, side by side, before the output projection.
     *
     * @param parts one attention a cache, in the order of {@code caches}
     */
    String attend(String name, String x, List<Attention> parts, List<Cache> caches);

    /**
     * The logits, from an embedding table that is also the head.
     *
     * @param table the initializer, {@code [vocabulary, hidden]}
     * @param result what to name them
     */
    void tiedHead(String x, String table, String result);
}
