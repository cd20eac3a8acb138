package dev.twofold.fuzz;

import dev.twofold.pipeline.Sources;
import dev.twofold.testing.TinyLlama;
import java.nio.file.Path;

/** Any bytes as the description of a family, beside the config and the tensors of a sound Llama. */
public final class FamilyFuzz {

    private static final FuzzedDirectory DIRECTORY = FuzzedDirectory.with(
            "twofold-family.yaml", directory -> TinyLlama.create().write(directory));

    private FamilyFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        Path directory = DIRECTORY.holding(data);
        Promise.readOrRefuse(() -> Sources.SHIPPED.open(directory))
                .ifPresent(checkpoint -> Promise.require(
                        checkpoint.decoder().facts().layers() == TinyLlama.LAYERS, "another number of layers"));
    }
}
