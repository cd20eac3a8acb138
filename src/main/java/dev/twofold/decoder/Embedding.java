package dev.twofold.decoder;

import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the stream begins as: {@code table[token] * scale + positions[position]}, and the norm of that, if there is one.
 *
 * @param table {@code [vocabulary, hidden]}
 * @param positions learned positions, {@code [context, hidden]}
 * @param norm what the sum passes through
 */
public record Embedding(Weight table, double scale, Optional<Weight> positions, Optional<Norm> norm) {

    /** Rows of a table as they are. */
    public static Embedding of(Weight table) {
        return new Embedding(table, 1, Optional.empty());
    }

    /** Without a norm. */
    public Embedding(Weight table, double scale, Optional<Weight> positions) {
        this(table, scale, positions, Optional.empty());
    }

    /** The same with another table. */
    public Embedding withTable(Weight other) {
        return new Embedding(other, scale, positions, norm);
    }

    /** The same with another norm. */
    public Embedding withNorm(Optional<Norm> other) {
        return new Embedding(table, scale, positions, other);
    }

    /** The same with rows {@code begin} to {@code end - 1} of the table only. */
    public Embedding rows(long begin, long end) {
        return withTable(Weights.slice(table, 0, begin, end));
    }

    Stream<Weight> weights() {
        Stream<Weight> norms = norm.stream().flatMap(Norm::weights);
        return Stream.of(Stream.of(table), positions.stream(), norms).flatMap(weights -> weights);
    }
}
