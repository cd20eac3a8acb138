package dev.twofold.recipe;

import dev.twofold.diag.TwofoldException;
import dev.twofold.diag.TwofoldException.Kind;
import dev.twofold.disk.TextFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The pipelines in {@code passes/}, which are packed into the jar, and those in files of the user's. */
public final class ShippedPipelines {

    /** What users get who name none. */
    public static final String DEFAULT = "layer-parallel";

    public static final List<String> NAMES =
            List.of(DEFAULT, "compensate", "one-sync", "drop-layers", "swap-layers", "average-layers");

    /** A thousand passes have a tenth of that. */
    private static final long MAX_BYTES = 1L << 20;

    private ShippedPipelines() {}

    public static String text(String name) {
        return TextFile.shipped("/dev/twofold/passes/" + name + ".yaml");
    }

    /**
     * The recipe of a pipeline.
     *
     * @param name of a shipped pipeline, or of a YAML file
     * @throws TwofoldException of kind INPUT if there is neither, or the file is no pipeline
     */
    public static Recipe read(String name) {
        if (NAMES.contains(name)) {
            return new Recipe(PipelineReader.parse(name, text(name)).passes().stream()
                    .<PassRequest<?>>map(request -> request.from("pipeline " + name, Kind.USAGE))
                    .toList());
        }
        Path file = Path.of(name);
        if (!Files.exists(file)) {
            throw TwofoldException.input("there is no such pipeline")
                    .at(name)
                    .expected("a YAML file, or one of " + String.join(", ", NAMES));
        }
        return PipelineReader.parse(name, TextFile.read(file, MAX_BYTES));
    }
}
