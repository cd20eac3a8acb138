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

    /** Width of the hidden activation. */
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
        return Stream.concat(readers().stream(), Stream.of(down)).flatMap(Linear::weights);
    }

    public FeedForward withDown(Linear other) {
        return new FeedForward(gate, up, other, activation);
    }
}
