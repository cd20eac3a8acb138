package dev.twofold.cli;

import dev.twofold.inspection.Host;
import dev.twofold.ort.Provider;
import picocli.CommandLine.Option;

/** Where models are run. */
final class HostOptions {

    @Option(names = "--provider", paramLabel = "NAME", description = "Run models on the cpu (default) or on cuda.")
    private Provider provider = Provider.CPU;

    @Option(names = "--device-id", paramLabel = "K", description = "The number of the GPU to use (default: 0).")
    private int device;

    Provider provider() {
        return provider;
    }

    Host host(Console console) {
        return new Host(provider, device, console.progress(), console::notice);
    }
}
