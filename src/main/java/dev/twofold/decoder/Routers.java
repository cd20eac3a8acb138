package dev.twofold.decoder;

import java.util.List;
import java.util.stream.Stream;

/** The mixtures of a step in which something is chosen, in the order in which their experts are. */
public final class Routers {

    private Routers() {}

    public static List<Experts> of(Step step) {
        return in(step).toList();
    }

    private static Stream<Experts> in(Step step) {
        return step.branches().stream().flatMap(branch -> branch.body().match(new Choosing()));
    }

    private static final class Choosing implements Operator.Cases<Stream<Experts>> {

        @Override
        public Stream<Experts> attention(Attention attention) {
            return Stream.empty();
        }

        @Override
        public Stream<Experts> feedForward(FeedForward feedForward) {
            return Stream.empty();
        }

        @Override
        public Stream<Experts> experts(Experts experts) {
            return experts.isGated() ? Stream.empty() : Stream.of(experts);
        }

        @Override
        public Stream<Experts> chain(Chain chain) {
            return chain.steps().stream().flatMap(Routers::in);
        }
    }
}
