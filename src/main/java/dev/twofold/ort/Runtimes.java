package dev.twofold.ort;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession.SessionOptions;
import dev.twofold.diag.TwofoldException;

/** Session options for a provider, or a failure that says what to install. Never falls back to another provider. */
final class Runtimes {

    private Runtimes() {}

    static OrtEnvironment environment() {
        return OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "twofold");
    }

    static SessionOptions options(Provider provider, int device) throws OrtException {
        // Loads the native library; without it SessionOptions cannot be made.
        environment();
        SessionOptions options = new SessionOptions();
        // Spinning threads take the cores from other work on a shared machine, our own included.
        options.addConfigEntry("session.intra_op.allow_spinning", "0");
        if (provider == Provider.CUDA) {
            try {
                options.addCUDA(device);
            } catch (OrtException e) {
                options.close();
                throw TwofoldException.environment("the CUDA provider cannot be used")
                        .found(String.valueOf(e.getMessage())
                                .lines()
                                .findFirst()
                                .orElse(""))
                        .hint(
                                "TWOFOLD_PROFILE=gpu builds for CUDA on Linux x64; it needs an NVIDIA driver, and CUDA 12 with"
                                        + " cuDNN 9 on the library path. Or use --provider cpu")
                        .cause(e);
            }
        }
        return options;
    }
}
