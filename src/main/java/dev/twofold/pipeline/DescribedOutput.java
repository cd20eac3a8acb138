package dev.twofold.pipeline;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.FileFact;
import dev.twofold.disk.FileHash;
import dev.twofold.inspection.PlannedModel;
import dev.twofold.report.Manifest;
import dev.twofold.target.onnx.OnnxOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** An output, by its manifest and the configuration of what it was made of; its weights are not needed. */
public record DescribedOutput(Path directory, Manifest manifest) {

    private static final String CONFIG = "config.json";

    /** @throws TwofoldException of kind INPUT if the directory is no output */
    public static DescribedOutput of(Path directory) {
        OutputModel model = OutputModel.of(directory);
        return new DescribedOutput(model.directory(), model.manifest());
    }

    /**
     * What the manifest's recipe makes of a configuration.
     *
     * @param against what has that configuration, if it does not lie beside the model
     */
    public PlannedModel planned(Sources sources, Optional<Path> against) {
        Decoder original = against.map(sources::describe).orElseGet(() -> sources.describeConfiguration(described()));
        if (original.facts().layers() != manifest.model().layers()) {
            throw TwofoldException.input(CONFIG + " does not describe the checkpoint that the model was made of")
                    .at(original.facts().source())
                    .found(original.facts().layers() + " layers")
                    .expected(manifest.model().layers());
        }
        FromManifest conversion = FromManifest.of(directory.resolve(Manifest.NAME), manifest);
        OnnxOptions form = conversion.onnx().form();
        return PlannedModel.of(original, conversion.recipe(), form.dialect(), form.layout());
    }

    /** Where the checkpoint's own config.json is: an output has another if its caches are others. */
    private Path described() {
        if (manifest.source().files().keySet().stream().anyMatch(name -> name.endsWith(".onnx"))) {
            throw TwofoldException.input("the output was made of a graph, which its " + CONFIG + " does not describe")
                    .at(Origin.file(directory))
                    .hint("add --against and the directory of the ONNX model that it was made of");
        }
        FileFact own = manifest.source().files().get(CONFIG);
        Path above = directory.toAbsolutePath().normalize().resolveSibling("");
        return Stream.of(directory, above)
                .filter(place -> Files.isRegularFile(place.resolve(CONFIG)))
                .filter(place -> FileHash.of(place.resolve(CONFIG)).equals(own))
                .findFirst()
                .orElseThrow(() -> TwofoldException.input("the output does not have the checkpoint's own " + CONFIG)
                        .at(Origin.file(directory))
                        .hint("add --against CHECKPOINT; its " + CONFIG + " is enough"));
    }
}
