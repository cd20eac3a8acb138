package dev.twofold.decoder;

import dev.twofold.diag.PlainName;

/** The function between the projections of a feed-forward. */
public enum Activation {
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
