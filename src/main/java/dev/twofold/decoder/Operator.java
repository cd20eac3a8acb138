package dev.twofold.decoder;

import dev.twofold.weight.Weight;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * What a branch computes from the stream. What there is to know of every kind of operator is asked here; whoever does something
 * else with each kind says so by {@link Cases}, which do not compile where a kind is left out.
 */
public sealed interface Operator permits Attention, FeedForward, Experts, Chain {

    Kind kind();

    /** The kinds of operators, as people and graphs call them. */
    enum Kind {
        ATTENTION("attention", "attention"),
        FEED_FORWARD("feed-forward", "feed_forward"),
        EXPERTS("experts", "feed_forward"),
        /** A mixture of one, which every token gets as much as a gate says. */
        GATED("gated expert", "feed_forward"),
        CHAIN("chain", "feed_forward");

        private final String text;
        private final String graphName;

        Kind(String text, String graphName) {
            this.text = text;
            this.graphName = graphName;
        }

        /** What nodes of a graph are called after. */
        public String graphName() {
            return graphName;
        }

        /** Several of them, in messages. */
        public String plural() {
            return this == EXPERTS ? text : text + "s";
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /** One thing to do for each kind of operator. */
    interface Cases<R> {

        R attention(Attention attention);

        R feedForward(FeedForward feedForward);

        R experts(Experts experts);

        R chain(Chain chain);
    }

    <R> R match(Cases<R> cases);

    /** The projections that read what the branch's norm makes of the stream, in a fixed order. */
    List<Linear> readers();

    /** What each of them is called. */
    List<String> readerNames();

    /** The same operator with other projections in their places. */
    Operator withReaders(List<Linear> readers);

    /** The one projection that the result comes out of, if there is one: the result is linear in what that reads. */
    default Optional<Linear> writer() {
        return Optional.empty();
    }

    /** The same operator with another last projection; only of one that has one. */
    default Operator withWriter(Linear other) {
        throw new IllegalStateException("no last projection in " + kind());
    }

    /** Everything it computes with, but what is in steps of its own. */
    Stream<Weight> weights();

    /** The attentions in it, but for those in steps of its own. */
    default Stream<Attention> attentions() {
        return Stream.empty();
    }

    /** The mixture of experts that it is, if it is one. */
    default Optional<Experts> mixture() {
        return Optional.empty();
    }

    /** Width of the hidden activation, or of that of one expert; 0 if there is none. */
    default long width() {
        return 0;
    }

    /** Operators that run one after the other in it. */
    default int depth() {
        return steps().isEmpty() ? 1 : steps().stream().mapToInt(Step::depth).sum();
    }

    /** Steps of its own, on a stream of its own. */
    default List<Step> steps() {
        return List.of();
    }

    /** The same with its own steps rewritten. */
    default Operator withSteps(UnaryOperator<List<Step>> rewrite) {
        return this;
    }

    /**
     * What operators agree in that can be one operator of the summed width; none for those that never can.
     *
     * @see #merged
     */
    default Optional<Object> mergeKey() {
        return Optional.empty();
    }

    /** One operator whose result is the sum of those of all; they are equal in their {@link #mergeKey}. */
    static Operator merged(List<Operator> parts) {
        return parts.get(0).match(new Cases<>() {
            @Override
            public Operator attention(Attention attention) {
                return Attention.merged(
                        parts.stream().map(Attention.class::cast).toList());
            }

            @Override
            public Operator feedForward(FeedForward feedForward) {
                return FeedForward.merged(
                        parts.stream().map(FeedForward.class::cast).toList());
            }

            @Override
            public Operator experts(Experts experts) {
                throw new IllegalArgumentException("experts of several layers are not one");
            }

            @Override
            public Operator chain(Chain chain) {
                throw new IllegalArgumentException("chains are not one");
            }
        });
    }
}
