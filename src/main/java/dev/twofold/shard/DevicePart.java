package dev.twofold.shard;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Operator;

/**
 * One of several equal parts that an operator is cut into, such that the sum of what the parts compute is what the
 * whole computes: Megatron's cut (Shoeybi et al., 2019). The bias of a last projection goes to the first part.
 *
 * @param index from 0
 * @param count number of parts
 */
record DevicePart(int index, int count) implements Operator.Cases<Operator> {

    /**
     * A share of the query heads of each layer, with the KV heads they read. Where parts outnumber KV heads, parts next to
     * one another have copies of the same one.
     */
    @Override
    public Attention attention(Attention whole) {
        return Attention.merged(whole.split().stream().map(this::ofLayer).toList());
    }

    private Attention ofLayer(Attention whole) {
        Attention.Heads all = whole.members().get(0);
        int heads = all.heads() / count;
        int kvHeads = Math.max(1, all.kvHeads() / count);
        long query = (long) index * heads * whole.headSize();
        long key = (long) index * all.kvHeads() / count * whole.headSize();
        return whole.part(new Attention.Heads(all.layer(), heads, kvHeads), query, key, index == 0);
    }

    /** A share of the hidden activations; of a widened feed-forward, they may be those of one layer only. */
    @Override
    public FeedForward feedForward(FeedForward whole) {
        long width = whole.width() / count;
        long begin = index * width;
        long end = begin + width;
        return new FeedForward(
                whole.gate().map(gate -> gate.rows(begin, end)),
                whole.up().rows(begin, end),
                whole.down().columns(begin, end, index == 0),
                whole.activation());
    }

    /** A share of every expert. */
    @Override
    public Operator experts(Experts whole) {
        return whole.withExperts(whole.experts().stream().map(this::feedForward).toList());
    }

    /** Whole: its steps read streams of their own. */
    @Override
    public Operator chain(Chain whole) {
        if (count != 1) {
            throw new IllegalStateException("no cut of a chain into " + count);
        }
        return whole;
    }
}
