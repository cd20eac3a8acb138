package dev.twofold.fuzz;

import dev.twofold.pipeline.Sources;
import dev.twofold.testing.TinyLlama;

/** Any bytes as the config.json of a checkpoint whose tensors are sound. */
public final class ConfigFuzz {

    private static final FuzzedDirectory DIRECTORY =
            FuzzedDirectory.with("config.json", directory -> TinyLlama.create().write(directory));

    private ConfigFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        Promise.readOrRefuse(() -> Sources.SHIPPED.open(DIRECTORY.holding(data)))
                .ifPresent(checkpoint -> Promise.require(
                        checkpoint.decoder().facts().layers() == TinyLlama.LAYERS, "another number of layers"));
    }
}
