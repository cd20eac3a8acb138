package dev.twofold.source.onnx;

import dev.twofold.decoder.Activation;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.HeadScores;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Routing;
import dev.twofold.decoder.Window;
import dev.twofold.weight.Weight;
import java.util.List;
import java.util.Optional;

/** What a value of a graph is, as far as decoders are made of it. {@code [tokens, width]}, if nothing else is said. */
sealed interface Term {

    /** What the graph is given. */
    record Input(String name) implements Term {}

    /** Constant whole numbers: a shape, an axis, sizes. */
    record Whole(List<Long> values) implements Term {

        public Whole {
            values = List.copyOf(values);
        }
    }

    /**
     * Constant numbers, a vector or a matrix.
     *
     * @param single the number, if it is but one
     */
    record Numbers(Weight weight, Optional<Double> single) implements Term {}

    /** Other constants, such as the codes of a matrix in blocks. */
    record Constant(Tensor tensor) implements Term {}

    /** Another value, which a node only passes on. */
    record Same(Value x) implements Term {}

    /** What no rule makes anything of. */
    record Opaque() implements Term {}

    /** Something about the tokens, that is not about any of the model's numbers. */
    enum Tokens implements Term {
        /** How many there are, with those of the past. */
        TOTAL,
        /** How many are new. */
        NEW,
        /** How many are of the past. */
        PAST,
        /** The index of the last of each row. */
        LAST,
        /** The mask of the new ones. */
        NEW_MASK,
        /** One, or zero if some row that had tokens has no new one. */
        STEP,
        /** The columns of the new ones: from the past's number up. */
        PLACES,
        /** Where each stands, those of the past included, without regard to padding before the first. */
        ALL_POSITIONS,
        /** The same from 0 up. */
        CLIPPED_POSITIONS,
        /** Where each new one stands. */
        POSITIONS,
        /** True for every one. */
        ALWAYS
    }

    /** Sizes, of which some depend on how many tokens there are: a shape. */
    record Counted(List<Extent> sizes) implements Term {

        public Counted {
            sizes = List.copyOf(sizes);
        }
    }

    /** What counts up along an axis of a value that is 1 wide along its others. */
    enum Count {
        /** Keys: all tokens, from 0 up. */
        KEYS,
        /** Queries: the new ones, from the number of the past up. */
        QUERIES,
        /** The new ones, from 0 up. */
        NEW,
        /** Texts. */
        TEXTS
    }

    /**
     * @param added to each
     * @param axis from the last, which is 0
     * @param expanded whether they stand several times along another axis
     */
    record Grid(Count count, long added, int axis, int rank, boolean expanded) implements Term {

        Grid(Count count, long added, int axis, int rank) {
            this(count, added, axis, rank, false);
        }
    }

    /** How it is said which keys are seen. */
    enum Form {
        /** True or 1 where one is. */
        SHOWN,
        /** True or 1 where none is. */
        HIDDEN,
        /** Zero, or very little where none is. */
        ADDED
    }

    /**
     * Which keys each query may see.
     *
     * @param causal whether none that is after it
     * @param window those of which alone it sees; all if there is none
     * @param numbers whether it is numbers rather than truth values
     */
    record Mask(boolean causal, Optional<Window> window, Form form, boolean numbers) implements Term {

        /** All that are not after it. */
        static Mask before(Optional<Window> window) {
            return new Mask(true, window, Form.SHOWN, false);
        }

        /** Numbers that are added. */
        static Mask added(boolean causal, Optional<Window> window) {
            return new Mask(causal, window, Form.ADDED, true);
        }

        Mask in(Form other) {
            return other == Form.ADDED ? added(causal, window) : new Mask(causal, window, other, numbers);
        }

        /** The same as numbers or truth values, if it is not added. */
        Mask as(boolean others) {
            return new Mask(causal, window, form, others);
        }

        /** Whether attention hides just that if it is given this: numbers are added, truth values show. */
        boolean hidesInAttention() {
            return numbers ? form == Form.ADDED : form == Form.SHOWN;
        }
    }

    /**
     * What each head's scores get by the position of the key, beyond that of the query.
     *
     * @param masked whether keys that the query does not see get very little
     */
    record Ramp(Weight table, boolean masked) implements Term {}

    /** Rows of a table, by the ids of tokens. */
    record Rows(Weight table) implements Term {}

    /** Rows of a table, by the positions of tokens. */
    record Positions(Weight table) implements Term {}

    record Sum(Value first, Value second) implements Term {}

    record Normed(Value x, Norm norm) implements Term {}

    /** A norm without a gain. */
    record Unit(Value x, Norm.Kind kind, double epsilon) implements Term {}

    record Projected(Value x, Linear linear) implements Term {}

    /** Elements {@code from} to {@code to - 1} of the last axis. */
    record Part(Value x, long from, long to) implements Term {}

    /** Side by side along the last axis. */
    record Joined(List<Value> parts) implements Term {

        public Joined {
            parts = List.copyOf(parts);
        }
    }

    record Scaled(Value x, double factor) implements Term {}

    /** Each element times its own number. */
    record Gained(Value x, Weight gain) implements Term {}

    /** @param table {@code [positions, 1]}, the number that all elements of a token are multiplied by */
    record Tempered(Value x, Weight table) implements Term {}

    record Activated(Value x, Activation activation) implements Term {}

    record Product(Value first, Value second) implements Term {}

    /** {@code [tokens, count, size]}. */
    record Heads(Value x, long count, long size) implements Term {}

    /** The same heads of {@code x} one after the other: {@code [count, tokens, size]}. */
    record Headed(Value x, long count, long size) implements Term {}

    /** Heads of {@code heads.x()}, of which those that share keys lie side by side: {@code [groups, count / groups, tokens, size]}. */
    record Grouped(Headed heads, long groups) implements Term {}

    /**
     * Keys or values: those of the past, and the new ones.
     *
     * @param x the new ones, {@code [tokens, count * size]}
     * @param times how often each head stands there
     * @param cache the input with those of the past; empty if there is none
     */
    record Keys(Value x, long count, long size, long times, String cache, Layout layout) implements Term {

        Keys in(Layout other) {
            return new Keys(x, count, size, times, cache, other);
        }

        List<Extent> shape() {
            Extent tokens = cache.isEmpty() ? Extent.NEW : Extent.TOTAL;
            Extent heads = Extent.of(count * times);
            Extent width = Extent.of(size);
            return switch (layout) {
                case HEADS -> List.of(Extent.BATCH, heads, tokens, width);
                case APART, REPEATED -> List.of(Extent.BATCH, Extent.of(count), Extent.of(times), tokens, width);
                case TURNED -> List.of(Extent.BATCH, heads, width, tokens);
                case TURNED_APART -> List.of(Extent.BATCH, heads, Extent.of(1), width, tokens);
                case TOKENS -> List.of(Extent.BATCH, tokens, heads, width);
                case JOINED -> List.of(Extent.BATCH, tokens, Extent.of(count * times * size));
            };
        }
    }

    /**
     * Products of queries and keys, {@code [heads, queries, keys]}; if heads that share keys lie side by side, {@code [groups, heads
     * of one, queries, keys]}.
     *
     * @param scale that they are multiplied by
     * @param mask that is added
     * @param sinks a score of each head that takes part in the shares
     * @param shares whether they are made to sum to one over all keys
     */
    record Scores(
            Headed query,
            Keys keys,
            double scale,
            Optional<Double> cap,
            Optional<Mask> mask,
            Optional<Weight> sinks,
            boolean shares)
            implements Term {

        Scores(Headed query, Keys keys) {
            this(query, keys, 1, Optional.empty(), Optional.empty(), Optional.empty(), false);
        }

        boolean isGrouped() {
            return keys.layout() == Layout.TURNED_APART;
        }

        /** Whether nothing but a factor was done to them. */
        boolean isPlain() {
            return cap.isEmpty() && mask.isEmpty() && !shares;
        }

        Scores times(double factor) {
            return new Scores(query, keys, scale * factor, cap, mask, sinks, shares);
        }

        Scores within(double limit) {
            return new Scores(query, keys, scale, Optional.of(limit), mask, sinks, shares);
        }

        Scores with(Mask added) {
            return new Scores(query, keys, scale, cap, Optional.of(added), sinks, shares);
        }

        Scores asShares() {
            return new Scores(query, keys, scale, cap, mask, sinks, true);
        }

        Scores beside(Weight others) {
            return new Scores(query, keys, scale, cap, mask, Optional.of(others), shares);
        }
    }

    /** Positions as numbers that frequencies are multiplied with. */
    record Placed() implements Term {}

    /** Which elements of a head an angle of each pair stands at. */
    enum Spread {
        /** None: every angle is there once. */
        ONCE,
        /** One of each half. */
        HALVES,
        /** Two neighbours. */
        NEIGHBOURS
    }

    /** Positions times frequencies. */
    record Angles(Weight frequencies, Spread spread) implements Term {

        Angles in(Spread other) {
            return new Angles(frequencies, other);
        }

        long width() {
            return frequencies.shape().dim(0) * (spread == Spread.ONCE ? 1 : 2);
        }
    }

    /** Cosines or sines of angles. */
    record Wave(Angles angles, boolean sine, double factor) implements Term {

        Wave in(Spread spread) {
            return new Wave(angles.in(spread), sine, factor);
        }
    }

    /** @param size of what is normalized by itself */
    record HeadNormed(Value x, Norm norm, long size) implements Term {}

    /** {@code min(max(x, -limit), limit)}. */
    record Clipped(Value x, double limit) implements Term {}

    /** {@code limit * tanh(x / limit)}. */
    record Capped(Value x, double limit) implements Term {}

    /** @param headSize of what turns by itself */
    record Rotated(Value x, Turn turn, long headSize) implements Term {}

    /** The first elements of heads, turned. */
    record TurnedPart(Value heads, Turn turn, long width) implements Term {}

    /** Of the last token only. */
    record LastToken(Value x) implements Term {}

    /**
     * Attention, before the output projection.
     *
     * @param scale empty for {@code 1 / sqrt(head size)}
     * @param cache the input that holds the keys of the past
     * @param turn that the operator itself gives to queries and keys
     * @param scores what each head has among its scores
     */
    record Attended(
            Value query,
            Value key,
            Value value,
            int heads,
            int kvHeads,
            Optional<Double> scale,
            Optional<Double> cap,
            Optional<Window> window,
            Optional<Turn> turn,
            HeadScores scores,
            String cache)
            implements Term {

        Attended with(HeadScores own) {
            return new Attended(query, key, value, heads, kvHeads, scale, cap, window, turn, own, cache);
        }
    }

    /** A gate and what it is multiplied with, in a function of both. */
    record Gated(Value gate, Value up, Activation activation) implements Term {}

    /** How much each expert counts for a token: nothing, unless it is chosen. */
    record Shares(Value router, Routing routing) implements Term {}

    /** What a token reads, times the sum of the shares of all experts. */
    record Weighed(Value x, Shares shares) implements Term {}

    /** The activations of experts, or what these are made of, each times the share of the expert: {@code [tokens, experts * width]}. */
    record Weighted(Value activations, Value shares, long experts) implements Term {}

    /**
     * What experts add together, with the bias of each.
     *
     * @param sum of their products
     * @param biases {@code [experts * hidden]}
     */
    record Biased(Value sum, Value shares, Weight biases) implements Term {}

    /** Where an expert was chosen: a row for each token, of which of {@code count} it is there, and the token. */
    record Chosen(Value scores, long count, long expert) implements Term {}

    /** The tokens that chose an expert, {@code [those tokens, width]}. */
    record Routed(Value x, Value places) implements Term {}

    /** What an expert made of them, each times its share. */
    record Outcome(Value made, Value places, Shares shares) implements Term {}

    /** What experts add together, each to the tokens that chose it. */
    record Dispatched(List<Outcome> outcomes) implements Term {}

    /** What experts add together, each as much as a router says. */
    record Mixture(Value x, Value router, Routing routing, List<FeedForward> experts) implements Term {

        public Mixture {
            experts = List.copyOf(experts);
        }
    }
}
