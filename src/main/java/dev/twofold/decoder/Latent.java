package dev.twofold.decoder;

import dev.twofold.weight.Weight;
import java.util.stream.Stream;

/**
 * A narrow value that projections read in place of what their branch reads: {@code [n(d) | r]}, where {@code d} and {@code r}
 * are the first and the other outputs of one projection of that. A projection of it is one of low rank.
 *
 * @param down {@code [width, hidden]}
 * @param norm of as many of its first outputs as the norm has gains; those after them stay as they are
 */
public record Latent(Linear down, Norm norm) {

    public long width() {
        return down.outputs();
    }

    /** How many of its numbers pass through the norm. */
    public long normed() {
        return norm.gain().shape().dim(0);
    }

    Latent withDown(Linear other) {
        return new Latent(other, norm);
    }

    Stream<Weight> weights() {
        return Stream.concat(down.weights(), norm.weights());
    }
}
