package dev.twofold.decoder;

import dev.twofold.diag.PlainName;
import dev.twofold.weight.Weight;
import java.util.stream.Stream;

/** The function between the projections of a feed-forward. */
public sealed interface Activation {

    /** What it computes with, that was trained. */
    default Stream<Weight> weights() {
        return Stream.empty();
    }

    /** Whether the second factor of a gated feed-forward stays as it is, so that it may be scaled. */
    default boolean leavesUp() {
        return true;
    }

    /** A function without numbers of its own. */
    enum Plain implements Activation {
        /** {@code x * sigmoid(x)}, also called swish. */
        SILU,
        /** {@code x * Phi(x)}, with the distribution function of the normal distribution. */
        GELU,
        /** GELU by its approximation with a hyperbolic tangent. */
        GELU_TANH,
        /** {@code max(x, 0)}. */
        RELU,
        /** {@code max(x, 0)^2}. */
        RELU_SQUARED;

        @Override
        public String toString() {
            return PlainName.of(this);
        }
    }

    /**
     * xIELU (Huang and Schlag, 2024): {@code p x^2 + b x} above zero, {@code n (exp(x) - 1 - x) + b x} below, with {@code p =
     * softplus(rising)} and {@code n = b + softplus(falling)}. Each layer has numbers of its own, {@code [1]}, so that
     * feed-forwards of several are not one.
     *
     * @param slope {@code b}
     */
    record Xielu(Weight rising, Weight falling, Weight slope) implements Activation {

        /** What it is called in files. */
        public static final String NAME = "xielu";

        @Override
        public Stream<Weight> weights() {
            return Stream.of(rising, falling, slope);
        }

        @Override
        public String toString() {
            return NAME;
        }
    }

    /**
     * The gate of gpt-oss: with {@code g = min(gate, limit)} and {@code u = min(max(up, -limit), limit)}, {@code g *
     * sigmoid(steepness * g) * (u + 1)}. Only of feed-forwards with a gate.
     */
    record ClampedSwish(double steepness, double limit) implements Activation {

        /** What it is called in files. */
        public static final String NAME = "clamped-swish";

        @Override
        public boolean leavesUp() {
            return false;
        }

        @Override
        public String toString() {
            return NAME;
        }
    }
}
