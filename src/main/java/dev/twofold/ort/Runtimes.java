package dev.twofold.ort;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtEpDevice;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtException.OrtErrorCode;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import dev.twofold.diag.TwofoldException;
import java.util.List;
import java.util.Map;
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
        NativeLibraries.prepare();
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
        options.addConfigEntry(
                "session.intra_op.allow_spinning", setup.waiting().spins() ? "1" : "0");
        if (setup.waiting() == Waiting.SPINNING_IN_RUNS) {
            options.addConfigEntry("session.force_spinning_stop", "1");
        }
        try {
            if (setup.provider().equals(Provider.CUDA)) {
                addCuda(options, setup.device());
            } else if (setup.provider().isPlugin()) {
                addPlugin(options, setup);
            }
            return options;
        } catch (TwofoldException e) {
            options.close();
            throw e;
        } catch (OrtException e) {
            options.close();
            throw TwofoldException.environment("the provider " + setup.provider() + " cannot be used")
                    .found(reason(e))
                    .hint(
                            setup.provider().isPlugin()
                                    ? "see 'twofold providers', or use --provider cpu"
                                    : cudaHint(String.valueOf(e.getMessage())))
                    .cause(e);
        }
    }

    /** WebGPU's plugin takes one device, and so may others. */
    private static void addPlugin(SessionOptions options, SessionSetup setup) throws OrtException {
        List<OrtEpDevice> devices = Plugins.devices(environment(), setup.provider());
        options.addExecutionProvider(List.of(Plugins.device(devices, setup.provider(), setup.device())), Map.of());
    }

    /** What to install, by what is missing first. */
    private static String cudaHint(String message) {
        String packages = "pip install 'onnxruntime-gpu[cuda,cudnn]==" + NativeLibraries.version() + "' and set "
                + PythonPackages.VARIABLE + " to its site-packages";
        String driver = Offer.nvidia() ? "" : "this machine has no NVIDIA driver; with one, ";
        boolean without = !OrtEnvironment.getAvailableProviders().contains(OrtProvider.CUDA)
                || message.contains("not compiled with CUDA");
        return driver + (without ? "set TWOFOLD_PROFILE=gpu, which builds for CUDA on Linux x64, and " : "")
                + "put CUDA 12 and cuDNN 9 on the library path (LD_LIBRARY_PATH), or for CUDA 13 " + packages
                + "; or use --provider cpu";
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
