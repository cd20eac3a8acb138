package dev.twofold.decoder;

import dev.twofold.weight.Weight;
import java.util.List;
import java.util.stream.Stream;

/** What a branch computes from the stream. */
public sealed interface Operator permits Attention, FeedForward, Experts, Chain {

    /** The projections that read what the branch's norm makes of the stream, in a fixed order. */
    List<Linear> readers();

    /** The same operator with other projections in their places. */
    Operator withReaders(List<Linear> readers);

    /** Everything it computes with. */
    Stream<Weight> weights();
}
