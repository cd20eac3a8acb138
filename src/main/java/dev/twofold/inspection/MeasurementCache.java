package dev.twofold.inspection;

import dev.twofold.diag.TwofoldException;
import dev.twofold.report.Measurements;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Consumer;

/**
 * Directories that keep measurements, each in a file named after what was measured: beside a report, and one of the
 * user's for all reports.
 */
public final class MeasurementCache {

    private final List<Path> directories;
    private final Consumer<String> notices;
    private final boolean writes;
    private final Set<Path> unwritable = new HashSet<>();

    /**
     * Nothing is looked up or made yet.
     *
     * @param directories where to look, in this order, and where to write
     * @param notices hears once of a directory that cannot be written; measuring goes on without it
     */
    public MeasurementCache(List<Path> directories, Consumer<String> notices) {
        this(directories, notices, true);
    }

    private MeasurementCache(List<Path> directories, Consumer<String> notices, boolean writes) {
        this.directories = List.copyOf(directories);
        this.notices = notices;
        this.writes = writes;
    }

    /** The same directories, in which nothing is written. */
    public MeasurementCache readOnly() {
        return new MeasurementCache(directories, notices, false);
    }

    Measurements read(SortedMap<String, String> subject) {
        String name = Measurements.fileName(subject);
        return directories.stream()
                .map(directory -> Measurements.read(directory.resolve(name), subject))
                .flatMap(Optional::stream)
                .findFirst()
                .orElseGet(() -> Measurements.none(subject));
    }

    /** @param changed whether what files of this name hold, if they are there, is not all there is */
    void write(Measurements measurements, boolean changed) {
        if (!writes) {
            return;
        }
        String name = Measurements.fileName(measurements.subject());
        for (Path directory : directories) {
            boolean missing = !Files.exists(directory.resolve(name));
            if (unwritable.contains(directory) || !(changed || missing)) {
                continue;
            }
            try {
                measurements.write(directory.resolve(name));
            } catch (TwofoldException e) {
                unwritable.add(directory);
                notices.accept("note: " + e.getMessage());
            }
        }
    }
}
