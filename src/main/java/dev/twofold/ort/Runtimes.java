package dev.twofold.ort;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtException.OrtErrorCode;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import dev.twofold.diag.TwofoldException;
import java.util.Set;

/** Session options for a provider, or a failure that says what to install. Never falls back to another provider. */
final class Runtimes {

    /** What ONNX Runtime says of a model that is at fault itself. */
    private static final Set<OrtErrorCode> MODEL_FAULTS = Set.of(
            OrtErrorCode.ORT_FAIL,
            OrtErrorCode.ORT_INVALID_ARGUMENT,
            OrtErrorCode.ORT_NO_SUCHFILE,
            OrtErrorCode.ORT_NO_MODEL,
            OrtErrorCode.ORT_INVALID_PROTOBUF,
            OrtErrorCode.ORT_INVALID_GRAPH,
            OrtErrorCode.ORT_NOT_IMPLEMENTED);

    private Runtimes() {}

    static OrtEnvironment environment() {
        try {
            // What ONNX Runtime would print itself comes back in its exceptions.
            return OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "twofold");
        } catch (LinkageError e) {
            throw TwofoldException.environment("the native library of ONNX Runtime cannot be loaded")
                    .found(e)
                    .hint("check the directory it is unpacked to, " + System.getProperty("java.io.tmpdir")
                            + ", or choose another with TWOFOLD_JAVA_OPTS=-Djava.io.tmpdir=DIR")
                    .cause(e);
        }
    }

    static SessionOptions options(SessionSetup setup) throws OrtException {
        // Loads the native library; without it SessionOptions cannot be made.
        environment();
        SessionOptions options = new SessionOptions();
        options.addConfigEntry("session.intra_op.allow_spinning", setup.spinning() ? "1" : "0");
        if (setup.provider() == Provider.CUDA) {
            try {
                addCuda(options, setup.device());
            } catch (OrtException e) {
                options.close();
                throw TwofoldException.environment("the CUDA provider cannot be used")
                        .found(reason(e))
                        .hint("set TWOFOLD_PROFILE=gpu, which builds for CUDA on Linux x64 and needs an NVIDIA driver,"
                                + " and CUDA 12 with cuDNN 9 on the library path; or use --provider cpu")
                        .cause(e);
            }
        }
        return options;
    }

    private static void addCuda(SessionOptions options, int device) throws OrtException {
        try (OrtCUDAProviderOptions cuda = new OrtCUDAProviderOptions(device)) {
            // TF32 multiplies with 10-bit mantissas: fp32 would not be fp32, and the reference no reference.
            cuda.add("use_tf32", "0");
            options.addCUDA(cuda);
        }
    }

    /** The first line of what ONNX Runtime says. */
    static String reason(OrtException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    /** Whether the model is at fault, and not the machine it runs on. */
    static boolean blamesModel(OrtException e) {
        return MODEL_FAULTS.contains(e.getCode());
    }
}
