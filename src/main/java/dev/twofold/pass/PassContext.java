package dev.twofold.pass;

import dev.twofold.diag.Progress;
import java.util.Optional;

/**
 * What a running pass may use besides the decoder.
 *
 * @param progress hears how far a long pass has come
 * @param calibration to compute weights with; present if the plan has a pass that asks for it
 */
public record PassContext(Progress progress, Optional<Calibration> calibration) {

    /** A context for passes that only rewrite. */
    public PassContext(Progress progress) {
        this(progress, Optional.empty());
    }
}
