package dev.twofold.shard;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.FeedForward;

/**
 * One of several equal parts that an operator is cut into, such that the sum of what the parts compute is what the
 * whole computes: Megatron's cut (Shoeybi et al., 2019). The bias of a last projection goes to the first part.
 *
 * @param index from 0
 * @param count number of parts
 */
record DevicePart(int index, int count) {

    /**
     * A share of the query heads, with the KV heads they read. Where parts outnumber KV heads, parts next to one
     * another have copies of the same one.
     *
     * @param whole the attention of one layer
     */
    Attention of(Attention whole) {
        Attention.Heads all = whole.members().get(0);
        int heads = all.heads() / count;
        int kvHeads = Math.max(1, all.kvHeads() / count);
        long query = (long) index * heads * whole.headSize();
        long key = (long) index * all.kvHeads() / count * whole.headSize();
        return whole.part(new Attention.Heads(all.layer(), heads, kvHeads), query, key, index == 0);
    }

    /** A share of the hidden activations; of a widened feed-forward, they may be those of one layer only. */
    FeedForward of(FeedForward whole) {
        long width = whole.width() / count;
        long begin = index * width;
        long end = begin + width;
        return new FeedForward(
                whole.gate().map(gate -> gate.rows(begin, end)),
                whole.up().rows(begin, end),
                whole.down().columns(begin, end, index == 0),
                whole.activation());
    }
}
