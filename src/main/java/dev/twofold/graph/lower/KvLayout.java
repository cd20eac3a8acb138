package dev.twofold.graph.lower;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Step;
import dev.twofold.diag.PlainName;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

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
        List<Cache> found = new ArrayList<>();
        decoder.steps().forEach(step -> collect(step, found));
        found.sort(Comparator.comparingInt(Cache::layer));
        List<Cache> numbered = new ArrayList<>();
        for (Cache cache : found) {
            numbered.add(new Cache(numbered.size(), cache.layer(), cache.kvHeads(), cache.headSize()));
        }
        return numbered;
    }

    private void collect(Step step, List<Cache> found) {
        for (Branch branch : step.branches()) {
            if (branch.body() instanceof Attention attention) {
                parts(attention)
                        .forEach(part -> found.add(
                                new Cache(0, part.members().get(0).layer(), part.kvHeads(), part.headSize())));
            } else if (branch.body() instanceof Chain chain) {
                chain.steps().forEach(inner -> collect(inner, found));
            }
        }
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
