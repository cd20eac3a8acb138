package dev.twofold.source.onnx;

import dev.twofold.decoder.Activation;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Routing;
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
        POSITIONS
    }

    /** Which keys each query may see: those that are not after it. */
    record Allowed(Optional<Integer> window) implements Term {}

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

    record Activated(Value x, Activation activation) implements Term {}

    record Product(Value first, Value second) implements Term {}

    /** {@code [tokens, count, size]}. */
    record Heads(Value x, long count, long size) implements Term {}

    /** @param size of what is normalized by itself */
    record HeadNormed(Value x, Norm norm, long size) implements Term {}

    /** {@code min(max(x, -limit), limit)}. */
    record Clipped(Value x, double limit) implements Term {}

    /** {@code limit * tanh(x / limit)}. */
    record Capped(Value x, double limit) implements Term {}

    /** @param headSize of what turns by itself */
    record Rotated(Value x, Turn turn, long headSize) implements Term {}

    /** Of the last token only. */
    record LastToken(Value x) implements Term {}

    /**
     * How heads turn with their positions.
     *
     * @param cosines {@code [positions, n]}, for heads whose first {@code 2 n} elements turn
     * @param interleaved whether neighbours turn together, or an element of each half
     */
    record Turn(Weight cosines, Weight sines, boolean interleaved) {}

    /**
     * Attention, before the output projection.
     *
     * @param scale empty for {@code 1 / sqrt(head size)}
     * @param cache the input that holds the keys of the past
     * @param turn that the operator itself gives to queries and keys
     */
    record Attended(
            Value query,
            Value key,
            Value value,
            int heads,
            int kvHeads,
            Optional<Double> scale,
            Optional<Double> cap,
            Optional<Integer> window,
            Optional<Turn> turn,
            String cache)
            implements Term {}

    /** The activations of experts, each times the weight of the expert: {@code [tokens, experts * width]}. */
    record Weighted(Value activations, Value router, Routing routing, long experts) implements Term {}
}
