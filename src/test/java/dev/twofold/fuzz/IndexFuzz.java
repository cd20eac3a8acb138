package dev.twofold.fuzz;

import dev.twofold.pipeline.Sources;
import dev.twofold.testing.TinyLlama;
import java.nio.file.Path;

/** Any bytes as the index of two sound shards: refused, or exactly the files beside it. */
public final class IndexFuzz {

    private static final FuzzedDirectory DIRECTORY = FuzzedDirectory.with(
            "model.safetensors.index.json",
            directory -> TinyLlama.create().sharded(2).write(directory));

    private IndexFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        Path directory = DIRECTORY.holding(data);
        Promise.readOrRefuse(() -> Sources.SHIPPED.open(directory))
                .ifPresent(checkpoint -> Promise.require(
                        checkpoint.files().stream()
                                .allMatch(file -> file.getParent().equals(directory)),
                        "a shard elsewhere"));
    }
}
