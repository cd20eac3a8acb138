package dev.twofold.decoder;

import java.util.List;

/** Steps run on a private copy of the stream; what they add to it is the output. One-sync groups are made of these. */
public record Chain(List<Step> steps) implements Operator {

    public Chain {
        steps = List.copyOf(steps);
    }
}
