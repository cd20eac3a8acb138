package dev.twofold.decoder;

import dev.twofold.weight.Weight;
import java.util.List;
import java.util.stream.Stream;

/** Steps run on a private copy of the stream; what they add to it is the output. One-sync groups are made of these. */
public record Chain(List<Step> steps) implements Operator {
    public Chain {
        steps = List.copyOf(steps);
    }

    /** None: each step inside has its own. */
    @Override
    public List<Linear> readers() {
        return List.of();
    }

    @Override
    public Chain withReaders(List<Linear> readers) {
        return this;
    }

    /** None of its own. */
    @Override
    public Stream<Weight> weights() {
        return Stream.empty();
    }
}
