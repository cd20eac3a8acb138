package dev.twofold.source;

import dev.twofold.checkpoint.RopeRange;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * How a model is to be read, where users can choose.
 *
 * @param adapter the directory of a LoRA adapter to merge into it
 * @param ignoredKeys keys of its configuration that are to count as harmless, though Twofold does not know them
 * @param range of positions, where its configuration has two
 * @param repeats whether a manifest names keys among those, which Twofold may know by now
 */
public record SourceOptions(Optional<Path> adapter, Set<String> ignoredKeys, RopeRange range, boolean repeats) {

    /** A model as it is. */
    public static final SourceOptions NONE = new SourceOptions(Optional.empty(), Set.of(), RopeRange.SHORT);

    /** What ignored keys are called on the command line and in a manifest, which lists them. */
    private static final String IGNORED = "ignore-key";

    private static final String SEPARATOR = ",";

    public SourceOptions {
        ignoredKeys = Set.copyOf(ignoredKeys);
    }

    /** As users say it now. */
    public SourceOptions(Optional<Path> adapter, Set<String> ignoredKeys, RopeRange range) {
        this(adapter, ignoredKeys, range, false);
    }

    /** What a manifest says of them, as the command line spells it. Of an adapter it has the files. */
    public SortedMap<String, String> recorded() {
        SortedMap<String, String> options = new TreeMap<>();
        if (range != RopeRange.SHORT) {
            options.put(RopeRange.OPTION, range.toString());
        }
        if (!ignoredKeys.isEmpty()) {
            options.put(IGNORED, String.join(SEPARATOR, new TreeSet<>(ignoredKeys)));
        }
        return options;
    }

    /** These, and those that a manifest says. */
    public SourceOptions and(Map<String, String> recorded) {
        Set<String> keys = new HashSet<>(ignoredKeys);
        Optional.ofNullable(recorded.get(IGNORED))
                .ifPresent(names -> keys.addAll(Arrays.asList(names.split(SEPARATOR))));
        boolean isLong = RopeRange.LONG.toString().equals(recorded.get(RopeRange.OPTION));
        return new SourceOptions(
                adapter, keys, isLong ? RopeRange.LONG : range, repeats || recorded.containsKey(IGNORED));
    }

    /** Those of what a manifest says that decide what a model computes: an ignored key only says that it does not. */
    public static Map<String, String> deciding(Map<String, String> recorded) {
        Map<String, String> options = new TreeMap<>(recorded);
        options.remove(IGNORED);
        return options;
    }
}
