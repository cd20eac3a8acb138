package dev.twofold.decoder;

import dev.twofold.diag.Origin;
import java.util.Optional;

/**
 * One term that a step adds to the stream: {@code out(body(in(x)))}.
 *
 * @param in the norm that {@code body} reads the stream through; without, it reads the stream itself. A {@link Chain} has none
 * @param out the norm that the result passes through before it is added; it needs the whole of the result, so on many
 *     devices it follows the all-reduce
 * @param origin the checkpoint's file and the layers this branch stands for
 */
public record Branch(Optional<Norm> in, Operator body, Optional<Norm> out, Origin origin) {

    /** A branch whose result is added as it is. */
    public static Branch reading(Norm in, Operator body, Origin origin) {
        return new Branch(Optional.of(in), body, Optional.empty(), origin);
    }

    public Branch withBody(Operator other) {
        return new Branch(in, other, out, origin);
    }
}
