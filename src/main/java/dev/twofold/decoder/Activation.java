package dev.twofold.decoder;

/** The function between the projections of a feed-forward. */
public enum Activation {
    /** {@code x * sigmoid(x)}, also called swish. */
    SILU("silu"),
    /** {@code x * Phi(x)}, with the distribution function of the normal distribution. */
    GELU("gelu"),
    /** GELU by its approximation with a hyperbolic tangent. */
    GELU_TANH("gelu-tanh"),
    /** {@code max(x, 0)}. */
    RELU("relu");

    private final String name;

    Activation(String name) {
        this.name = name;
    }

    @Override
    public String toString() {
        return name;
    }
}
