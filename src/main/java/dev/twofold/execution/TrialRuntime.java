package dev.twofold.execution;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Loads models once and lets go of them, so that no output goes out which a runtime does not take. */
public interface TrialRuntime {

    /** For users who do not want to wait. */
    TrialRuntime NONE = new TrialRuntime() {
        @Override
        public void load(Path directory, Optional<byte[]> instead) {}

        @Override
        public void load(Path directory, List<Segment> segments) {}
    };

    /**
     * @param place file of a model, or the directory that has it as {@code model.onnx}
     * @param instead a serialized model to load in its place, which refers to the same external data
     * @throws IllegalStateException if the model is refused, which is a bug of ours
     * @throws dev.twofold.diag.TwofoldException of kind ENVIRONMENT if the runtime cannot work here
     */
    void load(Path place, Optional<byte[]> instead);

    /**
     * The same for a device's part of a model, segment by segment.
     *
     * @param directory of the device
     */
    void load(Path directory, List<Segment> segments);
}
