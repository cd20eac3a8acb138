package dev.twofold.ort;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.GraphNames;
import dev.twofold.execution.Segment;
import dev.twofold.execution.TrialRuntime;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Loads a model and lets go of it: ONNX Runtime checks every operator's types and shapes on the way, and that it has a
 * kernel for it. Nothing is optimised or repacked, so that weights stay where they are on the disk, whatever their size.
 */
public final class TrialLoad implements TrialRuntime {

    @Override
    public void load(Path place, Optional<byte[]> instead) {
        Path file = GraphNames.file(place);
        attempt(file, options -> {
            OrtEnvironment environment = Runtimes.environment();
            try (OrtSession session = instead.isPresent()
                    ? environment.createSession(instead.get(), options)
                    : environment.createSession(file.toString(), options)) {
                if (!session.getOutputNames().contains(GraphNames.LOGITS)) {
                    throw new IllegalStateException("the emitted model has no " + GraphNames.LOGITS);
                }
            }
        });
    }

    @Override
    public void load(Path directory, List<Segment> segments) {
        attempt(directory.resolve(GraphNames.MODEL), options -> {
            for (Segment segment : segments) {
                Runtimes.environment().createSession(segment.model(), options).close();
            }
        });
    }

    private interface Attempt {
        void load(SessionOptions options) throws OrtException;
    }

    private static void attempt(Path file, Attempt attempt) {
        try (SessionOptions options = Runtimes.options(SessionSetup.CPU)) {
            options.setOptimizationLevel(OptLevel.NO_OPT);
            options.addConfigEntry("session.disable_prepacking", "1");
            options.addConfigEntry(
                    "session.model_external_initializers_file_folder_path", String.valueOf(file.getParent()));
            attempt.load(options);
        } catch (OrtException e) {
            if (Runtimes.blamesModel(e)) {
                throw new IllegalStateException("ONNX Runtime does not load the emitted model: " + e.getMessage(), e);
            }
            throw TwofoldException.environment("ONNX Runtime failed while loading the model once")
                    .at(Origin.file(file))
                    .found(Runtimes.reason(e))
                    .hint("free some memory, or add --no-load to skip this check")
                    .cause(e);
        }
    }
}
