package dev.twofold.decoder;

import dev.twofold.weight.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Causal self-attention with rotary positions and grouped key-value heads: {@code [tokens, hidden]} to the same.
 *
 * <p>An ordinary layer has one {@link Heads}; a widened one has those of each layer it stands for, in the order in which
 * their rows are stacked in {@code query}, {@code key} and {@code value}, and their columns in {@code output}.
 *
 * @param headSize width of one attention head
 */
public record Attention(Linear query, Linear key, Linear value, Linear output, int headSize, List<Heads> members)
        implements Operator {

    public Attention {
        members = List.copyOf(members);
    }

    /**
     * The attention heads of one layer of the checkpoint.
     *
     * @param layer the layer's number, which orders and names its KV cache
     */
    public record Heads(int layer, int heads, int kvHeads) {}

    public int heads() {
        return members.stream().mapToInt(Heads::heads).sum();
    }

    public int kvHeads() {
        return members.stream().mapToInt(Heads::kvHeads).sum();
    }

    /**
     * One attention a member, whose outputs sum to this one's. The output bias, which is added once, stays with the
     * first.
     */
    public List<Attention> split() {
        if (members.size() == 1) {
            return List.of(this);
        }
        List<Attention> parts = new ArrayList<>();
        long queries = 0;
        long keys = 0;
        for (Heads member : members) {
            long nextQueries = queries + (long) member.heads() * headSize;
            long nextKeys = keys + (long) member.kvHeads() * headSize;
            Linear out = new Linear(
                    Weights.slice(output.weight(), 1, queries, nextQueries),
                    parts.isEmpty() ? output.bias() : Optional.empty());
            parts.add(new Attention(
                    query.rows(queries, nextQueries),
                    key.rows(keys, nextKeys),
                    value.rows(keys, nextKeys),
                    out,
                    headSize,
                    List.of(member)));
            queries = nextQueries;
            keys = nextKeys;
        }
        return parts;
    }
}
