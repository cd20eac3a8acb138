package dev.twofold.target;

import dev.twofold.decoder.Decoder;
import java.util.Optional;

/**
 * A model to write.
 *
 * @param directory inside the output; empty for the output itself
 * @param rank the device it is for; empty if it is whole
 */
public record Part(Decoder decoder, String directory, Optional<Integer> rank) {

    /** The directory of a device's part, inside that of the model. */
    public static String rankDirectory(int rank) {
        return "rank-" + rank;
    }

    public static Part whole(Decoder decoder) {
        return new Part(decoder, "", Optional.empty());
    }
}
