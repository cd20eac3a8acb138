package dev.twofold.fuzz;

import dev.twofold.decoder.Decoder;
import dev.twofold.pass.Facts;
import dev.twofold.pipeline.Sources;
import dev.twofold.recipe.StoredRecipe;
import dev.twofold.report.Manifest;
import dev.twofold.report.Verification;
import dev.twofold.testing.TinyLlama;
import java.nio.file.Path;

/** Any bytes as the manifest of an output: verified, and its plan checked against the checkpoint. */
public final class ManifestFuzz {

    private static final FuzzedDirectory DIRECTORY =
            FuzzedDirectory.with(Manifest.NAME, directory -> TinyLlama.create().write(directory));
    private static final Decoder DECODER =
            Sources.SHIPPED.open(DIRECTORY.holding(new byte[0])).decoder();

    private ManifestFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        Path directory = DIRECTORY.holding(data);
        Promise.readOrRefuse(() -> Manifest.read(directory)).ifPresent(manifest -> {
            Promise.readOrRefuse(() -> Verification.of(directory));
            Promise.readOrRefuse(
                    () -> StoredRecipe.read(manifest.plan(), Manifest.NAME).check(Facts.of(DECODER)));
        });
    }
}
