package dev.twofold.decoder;

import java.util.List;
import java.util.stream.Stream;

/**
 * What is chosen in a step, in the order in which it runs: experts of each mixture in which there is something to choose, and before
 * them the groups that they are chosen from, if there are groups.
 */
public final class Routers {

    private Routers() {}

    /** How many each of them chooses. */
    public static List<Integer> of(Step step) {
        return in(step).toList();
    }

    private static Stream<Integer> in(Step step) {
        return step.branches().stream().flatMap(branch -> branch.body().match(new Itself()).stream());
    }

    /** Something of each choice of an operator, in that order. */
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
            return experts.isGated() ? List.of() : choices(experts);
        }

        protected abstract List<T> choices(Experts experts);
    }

    private static final class Itself extends Each<Integer> {

        @Override
        protected List<Integer> choices(Experts experts) {
            Routing routing = experts.routing();
            return Stream.concat(routing.groups().stream().map(Routing.Groups::chosen), Stream.of(routing.chosen()))
                    .toList();
        }

        @Override
        public List<Integer> chain(Chain chain) {
            return chain.steps().stream().flatMap(Routers::in).toList();
        }
    }
}
