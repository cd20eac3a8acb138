package dev.twofold.decoder;

/** The gated feed-forward of Llama, SwiGLU: {@code down(silu(gate(x)) * up(x))} (Shazeer, 2020). */
public record FeedForward(Linear gate, Linear up, Linear down) implements Operator {

    /** Width of the hidden activation. */
    public long width() {
        return gate.outputs();
    }
}
