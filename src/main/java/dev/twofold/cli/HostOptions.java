package dev.twofold.cli;

import dev.twofold.inspection.Host;
import dev.twofold.ort.Provider;
import picocli.CommandLine.Option;

/** Where models are run. */
final class HostOptions {

    @Option(names = "--provider", paramLabel = "NAME", description = "cpu (default) or cuda.")
    private Provider provider = Provider.CPU;

    @Option(names = "--device-id", paramLabel = "K", description = "Which GPU (default: 0).")
    private int device;

    Provider provider() {
        return provider;
    }

    Host host(Console console) {
        return new Host(provider, device, console.progress(), console::notice);
    }
}
