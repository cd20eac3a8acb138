package dev.twofold.ort;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Native libraries that were installed with Python packages. The variable {@value #VARIABLE} names their directory: the
 * {@code site-packages}, or in it the package {@code onnxruntime} or its {@code capi}; or any other with ONNX Runtime's
 * libraries in it.
 *
 * @param place the directory, as it was named
 */
record PythonPackages(Path place) {

    static final String VARIABLE = "TWOFOLD_ONNXRUNTIME";

    private static final String CORE = "libonnxruntime.so";

    /** What the environment names, if it does. */
    static Optional<PythonPackages> named() {
        return Optional.ofNullable(System.getenv(VARIABLE))
                .filter(name -> !name.isBlank())
                .map(name -> new PythonPackages(Path.of(name).toAbsolutePath()));
    }

    /** The directory with ONNX Runtime's libraries in it. */
    Path libraries() {
        return Stream.of(place.resolve("onnxruntime").resolve("capi"), place.resolve("capi"), place)
                .filter(directory -> !files(directory, CORE).isEmpty())
                .findFirst()
                .orElseThrow(() -> TwofoldException.environment("there is no ONNX Runtime where " + VARIABLE + " says")
                        .at(Origin.file(place))
                        .expected(CORE + ".VERSION in it, in its capi or in its onnxruntime/capi")
                        .hint("name the site-packages of a Python with the package onnxruntime-gpu, or leave it out"));
    }

    /**
     * ONNX Runtime itself.
     *
     * @param version that the Java library wants
     */
    Path core(String version) {
        Path libraries = libraries();
        List<Path> found = files(libraries, CORE);
        return found.stream()
                .filter(file -> String.valueOf(file.getFileName()).equals(CORE + "." + version))
                .findFirst()
                .or(() -> found.stream()
                        .filter(file -> String.valueOf(file.getFileName()).equals(CORE))
                        .findFirst())
                .orElseThrow(() -> TwofoldException.environment("another version of ONNX Runtime is installed")
                        .at(Origin.file(libraries))
                        .found(found.get(0).getFileName())
                        .expected(CORE + "." + version)
                        .hint("pip install 'onnxruntime-gpu[cuda,cudnn]==" + version + "'"));
    }

    /** What ONNX Runtime loads by itself: its providers, and what they share. */
    List<Path> providers() {
        return files(libraries(), "libonnxruntime_providers_");
    }

    /** The library of a plugin that came as the package {@code onnxruntime-ep-NAME}. */
    Optional<Path> plugin(String name) {
        return sitePackages()
                .flatMap(site -> files(site.resolve("onnxruntime_ep_" + name), "libonnxruntime_providers_").stream()
                        .findFirst());
    }

    /** NVIDIA's libraries, in an order in which each finds those that it needs. */
    List<Path> nvidia() {
        List<String> order = List.of("cudart", "nvJitLink", "nvrtc", "cublasLt", "cublas", "cufft", "curand", "cudnn");
        List<Path> all =
                sitePackages().map(site -> tree(site.resolve("nvidia"))).orElse(List.of());
        return order.stream()
                .flatMap(name -> all.stream()
                        .filter(file -> String.valueOf(file.getFileName()).matches("lib" + name + "\\.so\\.[0-9]+")))
                .toList();
    }

    private Optional<Path> sitePackages() {
        return Stream.iterate(place, path -> path != null, Path::getParent)
                .limit(3)
                .filter(path -> Files.isDirectory(path.resolve("onnxruntime"))
                        || Files.isDirectory(path.resolve("nvidia"))
                        || !files(path, "onnxruntime_ep_").isEmpty())
                .findFirst();
    }

    private static List<Path> files(Path directory, String prefix) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> String.valueOf(file.getFileName()).startsWith(prefix))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw unreadable(directory, e);
        }
    }

    private static List<Path> tree(Path directory) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(directory, 3)) {
            return files.sorted().toList();
        } catch (IOException e) {
            throw unreadable(directory, e);
        }
    }

    private static TwofoldException unreadable(Path directory, IOException e) {
        return TwofoldException.environment("cannot list the directory")
                .at(Origin.file(directory))
                .found(e)
                .cause(e);
    }
}
