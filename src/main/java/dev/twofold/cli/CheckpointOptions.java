package dev.twofold.cli;

import dev.twofold.checkpoint.RopeRange;
import dev.twofold.pipeline.FromManifest;
import dev.twofold.pipeline.Sources;
import dev.twofold.source.Source;
import dev.twofold.source.SourceOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a checkpoint is read. */
final class CheckpointOptions {

    @Option(
            names = "--adapter",
            paramLabel = "DIR",
            description = "A LoRA adapter, as PEFT saves it, to merge into the checkpoint.")
    private @Nullable Path adapter;

    @Option(
            names = "--ignore-key",
            paramLabel = "NAME",
            description =
                    "A key of the checkpoint's config.json that is not to matter, though Twofold does not know it.")
    private List<String> ignored = List.of();

    @Option(
            names = "--rope-range",
            paramLabel = "RANGE",
            description =
                    "Of a model with LongRoPE: short for texts up to its original context, which is the default, or"
                            + " long for longer ones, up to its whole context. Which it is, a note says.")
    private RopeRange range = RopeRange.SHORT;

    /** The options as they were given, for the next command. */
    String again() {
        StringBuilder again = new StringBuilder();
        if (adapter != null) {
            again.append(" --adapter ").append(adapter);
        }
        ignored.forEach(key -> again.append(" --ignore-key ").append(key));
        if (range != RopeRange.SHORT) {
            again.append(" --rope-range ").append(range);
        }
        return again.toString();
    }

    Source open(Path checkpoint) {
        return Sources.SHIPPED.open(checkpoint, options());
    }

    /** As it was opened for the output of a manifest; an adapter's directory is not in it. */
    Source open(Path checkpoint, FromManifest repeated) {
        return Sources.SHIPPED.open(
                checkpoint, options().and(repeated.manifest().source().options()));
    }

    private SourceOptions options() {
        return new SourceOptions(Optional.ofNullable(adapter), Set.copyOf(ignored), range);
    }
}
