package dev.twofold.ort;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtEpDevice;
import ai.onnxruntime.OrtException;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Providers that ONNX Runtime takes as plugins: libraries that are registered with it and offer devices. */
public final class Plugins {

    /** Libraries belong to ONNX Runtime's environment, of which a process has one. Each is registered under its path. */
    private static final Set<String> REGISTERED = ConcurrentHashMap.newKeySet();

    private Plugins() {}

    /**
     * The devices that a plugin offers here.
     *
     * @throws TwofoldException of kind ENVIRONMENT if it is missing, is refused or offers none
     */
    static synchronized List<OrtEpDevice> devices(OrtEnvironment environment, Provider plugin) {
        Path library = library(plugin);
        String path = library.toString();
        try {
            if (REGISTERED.add(path)) {
                environment.registerExecutionProviderLibrary(path, path);
            }
            List<OrtEpDevice> devices = environment.getEpDevices().stream()
                    .filter(device -> path.equals(device.getEpMetadata().get("library_path")))
                    .toList();
            if (devices.isEmpty()) {
                throw TwofoldException.environment("the provider " + plugin + " offers no device here")
                        .at(Origin.file(library))
                        .hint(
                                "check that a driver for it is installed; ONNX Runtime shows plugins the graphics cards of"
                                        + " /sys/class/drm and /sys/bus/pci");
            }
            return devices;
        } catch (OrtException e) {
            REGISTERED.remove(path);
            throw TwofoldException.environment("ONNX Runtime does not take the library as a provider")
                    .at(Origin.file(library))
                    .found(Runtimes.reason(e))
                    .hint("it has to be made for ONNX Runtime " + environment.getVersion())
                    .cause(e);
        }
    }

    private static Path library(Provider plugin) {
        Path library = plugin.library()
                .or(() -> PythonPackages.named().flatMap(packages -> packages.plugin(plugin.name())))
                .orElseThrow(
                        () -> TwofoldException.environment("the library of the provider " + plugin + " is not here")
                                .hint("pip install onnxruntime-ep-" + plugin + ", and " + PythonPackages.VARIABLE
                                        + "=site-packages of that Python, or --provider " + plugin + "=LIBRARY"));
        if (!Files.isRegularFile(library)) {
            throw TwofoldException.environment("the library of the provider " + plugin + " is missing")
                    .at(Origin.file(library))
                    .hint("name the file libonnxruntime_providers_" + plugin + ".so of the package onnxruntime-ep-"
                            + plugin);
        }
        return library.toAbsolutePath().normalize();
    }

    /**
     * Unloads the libraries while their drivers still stand: left to the end of the process, whose parts go in no order, some
     * crash. To be called when all sessions are closed.
     */
    public static void release() {
        for (String path : List.copyOf(REGISTERED)) {
            try {
                Runtimes.environment().unregisterExecutionProviderLibrary(path);
                REGISTERED.remove(path);
            } catch (OrtException e) {
                throw TwofoldException.environment("ONNX Runtime does not let go of a provider")
                        .at(Origin.file(Path.of(path)))
                        .found(Runtimes.reason(e))
                        .cause(e);
            }
        }
    }

    /** One of the devices, by its number. */
    static OrtEpDevice device(List<OrtEpDevice> devices, Provider plugin, int number) {
        return Optional.of(number)
                .filter(index -> index >= 0 && index < devices.size())
                .map(devices::get)
                .orElseThrow(() -> TwofoldException.environment("the provider " + plugin + " has no such device")
                        .found("--device-id " + number)
                        .expected("0 to " + (devices.size() - 1)));
    }
}
