package dev.twofold.ort;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtEpDevice;
import ai.onnxruntime.OrtException;
import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a machine offers of a provider.
 *
 * @param devices for people; none if the provider cannot be used
 * @param missing what is missing and how to get it, for people; empty if nothing is
 */
public record Offer(Provider provider, List<String> devices, String missing) {

    private static final Path NVIDIA = Path.of("/proc/driver/nvidia");

    public boolean usable() {
        return missing.isEmpty();
    }

    /** The version of ONNX Runtime's native library, and where that comes from. */
    public static String runtime() {
        return "ONNX Runtime " + Runtimes.environment().getVersion() + " from " + NativeLibraries.origin();
    }

    /** What this machine offers of a provider; that it can be loaded is tried. */
    public static Offer of(Provider provider) {
        try {
            return new Offer(provider, tried(provider), "");
        } catch (TwofoldException e) {
            return new Offer(provider, List.of(), e.getMessage());
        }
    }

    private static List<String> tried(Provider provider) {
        OrtEnvironment environment = Runtimes.environment();
        if (provider.isPlugin()) {
            return Plugins.devices(environment, provider).stream()
                    .map(Offer::line)
                    .toList();
        }
        try {
            Runtimes.options(new SessionSetup(provider, 0, Waiting.ASLEEP)).close();
            if (!provider.isCpu()) {
                return cards();
            }
            return environment.getEpDevices().stream()
                    .filter(device -> device.getEpName().startsWith("CPU"))
                    .map(device -> line(device) + ", " + Lanes.allThreads() + " cores")
                    .toList();
        } catch (OrtException e) {
            throw TwofoldException.environment("ONNX Runtime does not list its devices")
                    .found(Runtimes.reason(e))
                    .cause(e);
        }
    }

    private static String line(OrtEpDevice device) {
        String vendor = device.getDevice().getVendor();
        return device.getEpName() + " on a " + device.getDevice().getType() + (vendor.isBlank() ? "" : " of " + vendor);
    }

    /** NVIDIA's cards, by their driver. */
    private static List<String> cards() {
        try (Stream<Path> cards = Files.list(NVIDIA.resolve("gpus"))) {
            return cards.sorted().map(Offer::model).toList();
        } catch (IOException e) {
            return List.of("a device of NVIDIA's");
        }
    }

    private static String model(Path card) {
        try (Stream<String> lines = Files.lines(card.resolve("information"))) {
            return lines.filter(line -> line.startsWith("Model:"))
                    .map(line -> line.substring("Model:".length()).strip())
                    .findFirst()
                    .orElse("a device of NVIDIA's");
        } catch (IOException e) {
            return "a device of NVIDIA's";
        }
    }

    /** Whether NVIDIA's driver runs here. */
    static boolean nvidia() {
        return Files.exists(NVIDIA.resolve("version"));
    }
}
