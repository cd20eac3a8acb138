package dev.twofold.source;

import dev.twofold.checkpoint.RopeRange;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * How a model is to be read, where users can choose.
 *
 * @param adapter the directory of a LoRA adapter to merge into it
 * @param ignoredKeys keys of its configuration that are to count as harmless, though Twofold does not know them
 * @param range of positions, where its configuration has two
 */
public record SourceOptions(Optional<Path> adapter, Set<String> ignoredKeys, RopeRange range) {

    /** A model as it is. */
    public static final SourceOptions NONE = new SourceOptions(Optional.empty(), Set.of(), RopeRange.SHORT);

    public SourceOptions {
        ignoredKeys = Set.copyOf(ignoredKeys);
    }
}
