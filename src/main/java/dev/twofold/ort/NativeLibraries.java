package dev.twofold.ort;

import ai.onnxruntime.OrtEnvironment;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Gives ONNX Runtime's Java library the native libraries of a Python package in place of those in its jar: one directory of
 * links under the names that it looks for. The library between Java and ONNX Runtime is in no Python package and stays the jar's,
 * and only the jar of the profile {@code gpu} has one that knows CUDA.
 */
final class NativeLibraries {

    /** What ONNX Runtime's Java library reads, once, when it is first used. */
    private static final String PROPERTY = "onnxruntime.native.path";

    private static final String BRIDGE = "libonnxruntime4j_jni.so";

    private NativeLibraries() {}

    /** The version that Java wants. */
    static String version() {
        return Optional.ofNullable(OrtEnvironment.class.getPackage().getImplementationVersion())
                .orElse("");
    }

    /** Where the native libraries come from, for people. */
    static String origin() {
        return PythonPackages.named()
                .map(packages -> String.valueOf(packages.libraries()))
                .or(() -> Optional.ofNullable(System.getProperty(PROPERTY)))
                .orElse("its jar");
    }

    /** Has to run before anything of ONNX Runtime does. */
    static synchronized void prepare() {
        Optional<PythonPackages> named = PythonPackages.named();
        if (named.isEmpty() || System.getProperty(PROPERTY) != null) {
            return;
        }
        PythonPackages packages = named.get();
        Path core = packages.core(version());
        try {
            Path links = Files.createTempDirectory("twofold-onnxruntime");
            links.toFile().deleteOnExit();
            link(links, "libonnxruntime.so", core);
            // ONNX Runtime's providers name it so.
            link(links, "libonnxruntime.so.1", core);
            for (Path provider : packages.providers()) {
                link(links, String.valueOf(provider.getFileName()), provider);
            }
            bridge(packages.libraries().resolve(BRIDGE), links.resolve(BRIDGE));
            packages.nvidia().forEach(NativeLibraries::load);
            System.setProperty(PROPERTY, links.toString());
        } catch (IOException e) {
            throw TwofoldException.environment("the libraries of ONNX Runtime cannot be linked")
                    .at(Origin.file(core))
                    .found(e)
                    .cause(e);
        }
    }

    private static void link(Path directory, String name, Path target) throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve(name), target);
        link.toFile().deleteOnExit();
    }

    /** A folder of one's own may have the library beside the others. */
    private static void bridge(Path own, Path target) throws IOException {
        target.toFile().deleteOnExit();
        if (Files.exists(own)) {
            Files.createSymbolicLink(target, own);
            return;
        }
        String resource = "/ai/onnxruntime/native/linux-x64/" + BRIDGE;
        try (InputStream content = OrtEnvironment.class.getResourceAsStream(resource)) {
            if (content == null) {
                throw new IOException("no " + resource + " in the jar of ONNX Runtime");
            }
            Files.copy(content, target);
        }
    }

    /** What is loaded once is found by all that need it. */
    private static void load(Path library) {
        try {
            System.load(library.toString());
        } catch (UnsatisfiedLinkError e) {
            throw TwofoldException.environment("a library of NVIDIA's cannot be loaded")
                    .at(Origin.file(library))
                    .found(e)
                    .hint("install the package it is of once more, or leave out " + PythonPackages.VARIABLE)
                    .cause(e);
        }
    }
}
