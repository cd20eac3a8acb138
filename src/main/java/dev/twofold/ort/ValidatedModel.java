package dev.twofold.ort;

import java.util.Optional;

/**
 * A model to validate.
 *
 * @param shipped as it is
 * @param exact the same with its products summed in fp32, if it asks for less
 * @param last the same with logits of last tokens only, if it is shipped so; the others have those of all
 * @param routed whether the routers of all of them can be told what to choose
 */
public record ValidatedModel(
        ModelSession shipped, Optional<ModelSession> exact, Optional<ModelSession> last, boolean routed)
        implements AutoCloseable {

    @Override
    public void close() {
        shipped.close();
        exact.ifPresent(ModelSession::close);
        last.ifPresent(ModelSession::close);
    }
}
