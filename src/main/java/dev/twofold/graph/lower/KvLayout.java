package dev.twofold.graph.lower;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Decoder;
import dev.twofold.diag.PlainName;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Which KV caches a graph has. */
public enum KvLayout {
    /**
     * One a layer, with its heads, in the order of the checkpoint; the indices are its own unless layers are gone. Every
     * runtime knows it.
     */
    PER_LAYER,
    /** One an attention of the graph, so a widened pair has a single one with twice the heads. */
    WIDE;

    /**
     * A cache of the graph: {@code past_key_values.<index>.key} and its kin.
     *
     * @param layer the first layer of the checkpoint that it serves
     */
    public record Cache(int index, int layer, int kvHeads, int headSize) {}

    /** The caches of a decoder, numbered in the order of the checkpoint's layers. */
    public List<Cache> caches(Decoder decoder) {
        List<Attention> parts = decoder.attentions()
                .flatMap(attention -> parts(attention).stream())
                .sorted(Comparator.comparingInt(KvLayout::layer))
                .toList();
        return IntStream.range(0, parts.size())
                .mapToObj(index -> new Cache(
                        index,
                        layer(parts.get(index)),
                        parts.get(index).kvHeads(),
                        parts.get(index).headSize()))
                .toList();
    }

    /** The first layer that an attention serves. */
    private static int layer(Attention attention) {
        return attention.members().get(0).layer();
    }

    /** The attentions, one a cache, that an attention is run as. */
    public List<Attention> parts(Attention attention) {
        return this == WIDE ? List.of(attention) : attention.split();
    }

    @Override
    public String toString() {
        return PlainName.of(this);
    }
}
