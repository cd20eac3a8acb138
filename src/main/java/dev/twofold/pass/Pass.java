package dev.twofold.pass;

import dev.twofold.decoder.Decoder;
import java.util.Optional;

/** A function on decoders, with its options already bound. */
public interface Pass {

    /** Whether the pass can run on such a decoder; asked of the whole plan before any of it runs. */
    Optional<NotApplicable> check(Facts facts);

    /** How the arrangement of layers changes; only called when {@link #check} found nothing. */
    default Facts simulate(Facts facts) {
        return facts;
    }

    /** The rewritten decoder; only called when {@link #check} found nothing. Only a pass that asks for a
     * calibration reads weights. */
    Decoder run(Decoder decoder, PassContext context);
}
