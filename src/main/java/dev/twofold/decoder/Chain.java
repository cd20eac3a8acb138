package dev.twofold.decoder;

import dev.twofold.weight.Weight;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Steps run on a private copy of the stream; what they add to it is the output. One-sync groups are made of these. */
public record Chain(List<Step> steps) implements Operator {
    public Chain {
        steps = List.copyOf(steps);
    }

    @Override
    public Kind kind() {
        return Kind.CHAIN;
    }

    @Override
    public <R> R match(Cases<R> cases) {
        return cases.chain(this);
    }

    @Override
    public Chain withSteps(UnaryOperator<List<Step>> rewrite) {
        return new Chain(rewrite.apply(steps));
    }

    @Override
    public List<String> readerNames() {
        return List.of();
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
