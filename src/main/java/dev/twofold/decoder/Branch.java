package dev.twofold.decoder;

import dev.twofold.diag.Origin;
import java.util.Optional;

/**
 * One term that a step adds to the stream.
 *
 * @param in the norm that {@code body} reads the stream through; a {@link Chain} has none of its own
 * @param origin the checkpoint's file and the layers this branch stands for
 */
public record Branch(Optional<Norm> in, Operator body, Origin origin) {

    public Branch withBody(Operator other) {
        return new Branch(in, other, origin);
    }
}
