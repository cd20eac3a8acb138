package dev.twofold.cli;

import dev.twofold.inspection.Host;
import dev.twofold.ort.Provider;
import picocli.CommandLine.Option;

/** Where models are run. */
final class HostOptions {

    @Option(
            names = "--provider",
            paramLabel = "NAME[=LIBRARY]",
            description =
                    "Run models on the cpu (default), on cuda, on webgpu, or on another provider whose library is given;"
                            + " 'twofold providers' says what there is.")
    private Provider provider = Provider.CPU;

    @Option(names = "--device-id", paramLabel = "K", description = "The number of the device to use (default: 0).")
    private int device;

    Provider provider() {
        return provider;
    }

    /** For commands that run a model step by step, which plugins do not. */
    Host measuringHost(Console console) {
        if (provider.isPlugin()) {
            console.notice("note: layers are measured, and weights refitted, on the cpu: " + provider
                    + " runs models that are written");
        }
        return host(console);
    }

    Host host(Console console) {
        return new Host(provider, device, console.progress(), console::notice);
    }
}
