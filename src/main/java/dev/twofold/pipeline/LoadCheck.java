package dev.twofold.pipeline;

import dev.twofold.tensor.Precision;
import java.nio.file.Path;

/** Loads an emitted model once, so that no output goes out which a runtime does not take. */
@FunctionalInterface
public interface LoadCheck {

    /** For models that no runtime here loads, and users who do not want to wait. */
    LoadCheck NONE = (directory, precision, cut) -> {};

    /**
     * @param directory holds {@code model.onnx} and its data
     * @param cut whether it is a device's part of a model
     * @throws IllegalStateException if the runtime refuses the model, which is a bug of ours
     * @throws dev.twofold.diag.TwofoldException of kind ENVIRONMENT if it cannot work here
     */
    void load(Path directory, Precision precision, boolean cut);
}
