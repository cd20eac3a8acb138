package dev.twofold.decoder;

import dev.twofold.weight.Weight;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A feed-forward: {@code down(act(gate(x)) * up(x))} with a gate (Shazeer, 2020), {@code down(act(up(x)))} without.
 *
 * <p>It may be cut anywhere along its width: rows of gate and up together with the same columns of down, whose results
 * sum to the whole. The bias of down is added once.
 */
public record FeedForward(Optional<Linear> gate, Linear up, Linear down, Activation activation) implements Operator {

    @Override
    public Kind kind() {
        return Kind.FEED_FORWARD;
    }

    @Override
    public <R> R match(Cases<R> cases) {
        return cases.feedForward(this);
    }

    @Override
    public List<String> readerNames() {
        return gate.isPresent() ? List.of("gate", "up") : List.of("up");
    }

    @Override
    public Optional<Linear> writer() {
        return Optional.of(down);
    }

    @Override
    public FeedForward withWriter(Linear other) {
        return new FeedForward(gate, up, other, activation);
    }

    @Override
    public Optional<Object> mergeKey() {
        return Optional.of(List.of(kind(), activation, gate.isPresent()));
    }

    /** One feed-forward as wide as all parts together, whose output is the sum of theirs. */
    public static FeedForward merged(List<FeedForward> parts) {
        if (parts.size() == 1) {
            return parts.get(0);
        }
        FeedForward first = parts.get(0);
        return new FeedForward(
                first.gate()
                        .map(any -> Linear.stack(parts.stream()
                                .map(part -> part.gate().orElseThrow())
                                .toList())),
                Linear.stack(parts.stream().map(FeedForward::up).toList()),
                Linear.sum(parts.stream().map(FeedForward::down).toList()),
                first.activation());
    }

    /** Width of the hidden activation. */
    @Override
    public long width() {
        return up.outputs();
    }

    /** The gate, if there is one, and up. */
    @Override
    public List<Linear> readers() {
        return Stream.concat(gate.stream(), Stream.of(up)).toList();
    }

    @Override
    public FeedForward withReaders(List<Linear> readers) {
        return gate.isPresent()
                ? new FeedForward(Optional.of(readers.get(0)), readers.get(1), down, activation)
                : new FeedForward(gate, readers.get(0), down, activation);
    }

    @Override
    public Stream<Weight> weights() {
        Stream<Weight> matrices =
                Stream.concat(readers().stream(), Stream.of(down)).flatMap(Linear::weights);
        return Stream.concat(matrices, activation.weights());
    }
}
