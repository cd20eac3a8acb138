package dev.twofold.decoder;

import java.util.List;
import java.util.stream.Stream;

/** The mixtures of a step in which something is chosen, in the order in which they run. */
public final class Routers {

    private Routers() {}

    public static List<Experts> of(Step step) {
        return in(step).toList();
    }

    private static Stream<Experts> in(Step step) {
        return step.branches().stream().flatMap(branch -> branch.body().match(new Itself()).stream());
    }

    /** Something of each router of an operator, in that order. */
    public abstract static class Each<T> implements Operator.Cases<List<T>> {

        @Override
        public final List<T> attention(Attention attention) {
            return List.of();
        }

        @Override
        public final List<T> feedForward(FeedForward feedForward) {
            return List.of();
        }

        @Override
        public final List<T> experts(Experts experts) {
            return experts.isGated() ? List.of() : List.of(router(experts));
        }

        protected abstract T router(Experts experts);
    }

    private static final class Itself extends Each<Experts> {

        @Override
        protected Experts router(Experts experts) {
            return experts;
        }

        @Override
        public List<Experts> chain(Chain chain) {
            return chain.steps().stream().flatMap(Routers::in).toList();
        }
    }
}
