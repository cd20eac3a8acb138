package dev.twofold.decoder;

import dev.twofold.weight.Weight;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Causal self-attention with grouped key-value heads: {@code [tokens, hidden]} to the same.
 *
 * <p>An ordinary layer has one {@link Heads}; a widened one has those of each layer it stands for, in the order in which
 * their rows are stacked in {@code query}, {@code key} and {@code value}, and their columns in {@code output}.
 *
 * <p>It may be cut between KV heads: rows of query, key and value, and the gains of their norms, together with the
 * columns of output, whose results sum to the whole; but not if the norms span the width. The bias of output is added
 * once. Latents are needed whole on every device.
 *
 * @param latents what query, key and value read, if it is not what the branch reads
 * @param norms what queries and keys pass through first, if anything
 * @param scores what each head has among its scores
 */
public record Attention(
        Latents latents,
        Linear query,
        Linear key,
        Linear value,
        Linear output,
        Optional<QueryKeyNorm> norms,
        HeadScores scores,
        AttentionRule rule,
        List<Heads> members)
        implements Operator {

    public Attention {
        members = List.copyOf(members);
    }

    /** Without latents. */
    public Attention(
            Linear query,
            Linear key,
            Linear value,
            Linear output,
            Optional<QueryKeyNorm> norms,
            HeadScores scores,
            AttentionRule rule,
            List<Heads> members) {
        this(Latents.NONE, query, key, value, output, norms, scores, rule, members);
    }

    /**
     * The attention heads of one layer of the checkpoint.
     *
     * @param layer the layer's number, which orders and names its KV cache
     */
    public record Heads(int layer, int heads, int kvHeads) {}

    /** A score of each head that takes part in the softmax, if there is one. */
    public Optional<Weight> sinks() {
        return scores.sinks();
    }

    /** What keys get by their positions, if they get anything. */
    public Optional<Weight> ramps() {
        return scores.ramps();
    }

    public int headSize() {
        return rule.headSize();
    }

    public int heads() {
        return members.stream().mapToInt(Heads::heads).sum();
    }

    public int kvHeads() {
        return members.stream().mapToInt(Heads::kvHeads).sum();
    }

    @Override
    public Kind kind() {
        return Kind.ATTENTION;
    }

    @Override
    public <R> R match(Cases<R> cases) {
        return cases.attention(this);
    }

    @Override
    public List<String> readerNames() {
        Stream<String> queries = Stream.of(latents.queries().isPresent() ? "q_a" : "q");
        return Stream.concat(queries, latents.keysAndValues().isPresent() ? Stream.of("kv_a") : Stream.of("k", "v"))
                .toList();
    }

    @Override
    public Optional<Linear> writer() {
        return Optional.of(output);
    }

    @Override
    public Attention withWriter(Linear other) {
        return new Attention(latents, query, key, value, other, norms, scores, rule, members);
    }

    @Override
    public Stream<Attention> attentions() {
        return Stream.of(this);
    }

    /**
     * The rule, the number of query heads a KV head, and how queries and keys are normalized, unless over all heads, or made
     * of latents: those of each layer are its own.
     */
    @Override
    public Optional<Object> mergeKey() {
        if (normsWidth() || latents.any()) {
            return Optional.empty();
        }
        return Optional.of(List.of(kind(), rule, heads() / kvHeads(), norms.map(QueryKeyNorm::form), scores.form()));
    }

    /** Whether queries and keys are normalized over all heads, which cannot be cut or joined. */
    public boolean normsWidth() {
        return norms.filter(both -> both.span() == QueryKeyNorm.Span.WIDTH).isPresent();
    }

    /** Query, key and value, or what makes the latents that they read. */
    @Override
    public List<Linear> readers() {
        Stream<Linear> queries = Stream.of(latents.queries().map(Latent::down).orElse(query));
        Stream<Linear> others =
                latents.keysAndValues().map(latent -> Stream.of(latent.down())).orElseGet(() -> Stream.of(key, value));
        return Stream.concat(queries, others).toList();
    }

    @Override
    public Attention withReaders(List<Linear> readers) {
        Linear first = readers.get(0);
        Linear second = readers.get(1);
        boolean shared = latents.keysAndValues().isPresent();
        return new Attention(
                new Latents(
                        latents.queries().map(latent -> latent.withDown(first)),
                        latents.keysAndValues().map(latent -> latent.withDown(second))),
                latents.queries().isPresent() ? query : first,
                shared ? key : second,
                shared ? value : readers.get(2),
                output,
                norms,
                scores,
                rule,
                members);
    }

    /** Query, key and value, whatever they read. */
    public List<Linear> projections() {
        return List.of(query, key, value);
    }

    /** The same attention with others in their places. */
    public Attention withProjections(Linear otherQuery, Linear otherKey, Linear otherValue) {
        return new Attention(latents, otherQuery, otherKey, otherValue, output, norms, scores, rule, members);
    }

    @Override
    public Stream<Weight> weights() {
        Stream<Weight> gains = norms.stream()
                .flatMap(both -> Stream.of(both.query(), both.key()))
                .flatMap(Norm::weights);
        return Stream.of(
                        latents.weights(),
                        Stream.of(query, key, value, output).flatMap(Linear::weights),
                        gains,
                        scores.weights())
                .flatMap(weights -> weights);
    }

    /**
     * One attention with the heads of all parts, whose output is the sum of theirs. They agree in their rule, in the
     * number of query heads a KV head, and in whether and how queries and keys are normalized; none has latents, unless it is
     * the only one.
     */
    public static Attention merged(List<Attention> parts) {
        if (parts.size() == 1) {
            return parts.get(0);
        }
        if (parts.stream().anyMatch(part -> part.latents().any())) {
            throw new IllegalArgumentException("attentions with latents do not merge");
        }
        List<QueryKeyNorm> norms =
                parts.stream().flatMap(part -> part.norms().stream()).toList();
        return new Attention(
                Linear.stack(parts.stream().map(Attention::query).toList()),
                Linear.stack(parts.stream().map(Attention::key).toList()),
                Linear.stack(parts.stream().map(Attention::value).toList()),
                Linear.sum(parts.stream().map(Attention::output).toList()),
                norms.isEmpty() ? Optional.empty() : Optional.of(QueryKeyNorm.stack(norms)),
                HeadScores.stacked(parts.stream().map(Attention::scores).toList()),
                parts.get(0).rule(),
                parts.stream().flatMap(part -> part.members().stream()).toList());
    }

    /**
     * The heads of one member.
     *
     * @param fromQuery first row of the query projection, and column of the output, that are kept
     * @param fromKey first row of the key and value projections
     * @param biased whether the output's bias stays
     */
    public Attention part(Heads member, long fromQuery, long fromKey, boolean biased) {
        long toQuery = fromQuery + (long) member.heads() * headSize();
        long toKey = fromKey + (long) member.kvHeads() * headSize();
        return new Attention(
                latents,
                query.rows(fromQuery, toQuery),
                key.rows(fromKey, toKey),
                value.rows(fromKey, toKey),
                output.columns(fromQuery, toQuery, biased),
                norms.map(both -> both.part(fromQuery, toQuery, fromKey, toKey)),
                scores.part(fromQuery / headSize(), toQuery / headSize()),
                rule,
                List.of(member));
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
            parts.add(part(member, queries, keys, parts.isEmpty()));
            queries += (long) member.heads() * headSize();
            keys += (long) member.kvHeads() * headSize();
        }
        return parts;
    }
}
