package dev.twofold.ort;

import java.util.Optional;

/**
 * A model to validate.
 *
 * @param shipped as it is
 * @param exact the same with its products summed in fp32, if it asks for less
 */
public record ValidatedModel(ModelSession shipped, Optional<ModelSession> exact) implements AutoCloseable {

    @Override
    public void close() {
        shipped.close();
        exact.ifPresent(ModelSession::close);
    }
}
