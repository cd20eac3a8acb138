package dev.twofold.decoder;

import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the stream begins as: {@code table[token] * scale + positions[position]}.
 *
 * @param table {@code [vocabulary, hidden]}
 * @param positions learned positions, {@code [context, hidden]}
 */
public record Embedding(Weight table, double scale, Optional<Weight> positions) {

    /** Rows of a table as they are. */
    public static Embedding of(Weight table) {
        return new Embedding(table, 1, Optional.empty());
    }

    /** The same with rows {@code begin} to {@code end - 1} of the table only. */
    public Embedding rows(long begin, long end) {
        return new Embedding(Weights.slice(table, 0, begin, end), scale, positions);
    }

    Stream<Weight> weights() {
        return Stream.concat(Stream.of(table), positions.stream());
    }
}
