package dev.twofold.fuzz;

import dev.twofold.estimate.HardwareFile;
import java.nio.charset.StandardCharsets;

/** Any text as a profile of hardware. */
public final class HardwareFuzz {

    private HardwareFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        String text = new String(data, StandardCharsets.UTF_8);
        Promise.readOrRefuse(() -> HardwareFile.parse("fuzzed.yaml", text))
                .ifPresent(hardware -> Promise.require(!hardware.name().isBlank(), "hardware without a name"));
    }
}
