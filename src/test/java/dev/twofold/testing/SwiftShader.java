package dev.twofold.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * WebGPU on the CPU: Vulkan in software, which Chromium brings, and ONNX Runtime's plugin of the package
 * {@code onnxruntime-ep-webgpu}. ONNX Runtime offers plugins the graphics cards it finds in /sys, so the processes started here
 * are shown one in a mount namespace of their own, which needs a superuser.
 *
 * @param directory to put the card in
 */
public record SwiftShader(Path directory) {

    private static final Path DRIVER = Path.of("/usr/lib/chromium/vk_swiftshader_icd.json");
    /** The {@code site-packages} with the plugin. */
    private static final String PACKAGES = "TWOFOLD_WEBGPU_PACKAGES";
    /** Seconds. Half a minute does on two quiet cores; on busy ones, which compile shaders too, many times as much. */
    private static final int LIMIT = 600;
    /** Whether tests are to fail, not to be skipped, where there is none. */
    private static final String REQUIRED = "TWOFOLD_REQUIRE_WEBGPU";

    private static Optional<Path> plugin() throws IOException {
        String packages = System.getenv(PACKAGES);
        if (packages == null) {
            return Optional.empty();
        }
        Path directory = Path.of(packages, "onnxruntime_ep_webgpu");
        if (!Files.isDirectory(directory)) {
            return Optional.empty();
        }
        try (var files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().endsWith("providers_webgpu.so"))
                    .findFirst();
        }
    }

    /** The plugin's library; the test is skipped, and that is said, where it or anything else is missing. */
    public Path require() throws IOException, InterruptedException {
        Optional<Path> plugin = plugin();
        String missing = plugin.isEmpty()
                ? "no onnxruntime-ep-webgpu in " + PACKAGES
                : !Files.exists(DRIVER) ? "no SwiftShader of Chromium's" : unshared();
        if (!missing.isEmpty() && System.getenv(REQUIRED) == null) {
            System.err.println("SKIPPED: WebGPU is not tested: " + missing);
            assumeTrue(false, missing);
        }
        if (!missing.isEmpty()) {
            throw new AssertionError(missing);
        }
        return plugin.orElseThrow();
    }

    private String unshared() throws IOException, InterruptedException {
        Ran ran = run(List.of("true"));
        return ran.exitCode() == 0
                ? ""
                : "a card cannot be shown: " + ran.output().strip();
    }

    /** What a process printed. */
    public record Ran(int exitCode, String output) {}

    /** Runs a class of the tests. */
    public Ran java(Class<?> main, Object... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        Arrays.stream(arguments).map(String::valueOf).forEach(command::add);
        return run(command);
    }

    private Ran run(List<String> command) throws IOException, InterruptedException {
        Path card = Files.createDirectories(directory.resolve("pci").resolve("0000:01:00.0"));
        // A display controller, and any vendor and device.
        Files.writeString(card.resolve("class"), "0x030200\n");
        Files.writeString(card.resolve("vendor"), "0x10de\n");
        Files.writeString(card.resolve("device"), "0x2330\n");
        Path none = Files.createDirectories(directory.resolve("drm"));
        List<String> all = new ArrayList<>(List.of(
                "unshare",
                "-m",
                "sh",
                "-c",
                "mount --bind \"$1\" /sys/bus/pci/devices && { [ ! -d /sys/class/drm ] || mount --bind \"$2\" /sys/class/drm; }"
                        + " && shift 2 && exec \"$@\"",
                "sh",
                card.getParent().toString(),
                none.toString()));
        all.addAll(command);
        Path output = Files.createTempFile(directory, "output", ".txt");
        ProcessBuilder builder =
                new ProcessBuilder(all).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment()
                .putAll(Map.of(
                        "VK_ICD_FILENAMES", DRIVER.toString(),
                        "VK_DRIVER_FILES", DRIVER.toString(),
                        "LD_LIBRARY_PATH", String.valueOf(DRIVER.getParent()),
                        "XDG_RUNTIME_DIR", directory.toString(),
                        "ORT_DISABLE_TELEMETRY", "1"));
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            return new Ran(-1, String.valueOf(e.getMessage()));
        }
        if (!process.waitFor(LIMIT, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("still running after " + LIMIT + " seconds: ");
        }
        return new Ran(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
    }
}
