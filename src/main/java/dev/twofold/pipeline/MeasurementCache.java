package dev.twofold.pipeline;

import dev.twofold.diag.TwofoldException;
import dev.twofold.report.Measurements;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Consumer;

/**
 * Directories that keep measurements, each in a file named after what was measured: beside a report, and one of the
 * user's for all reports.
 *
 * @param directories where to look, in this order, and where to write
 * @param notices hears of a directory that cannot be written; measuring goes on without it
 */
public record MeasurementCache(List<Path> directories, Consumer<String> notices) {

    public MeasurementCache {
        directories = List.copyOf(directories);
    }

    Measurements read(SortedMap<String, String> subject) {
        String name = Measurements.fileName(subject);
        return directories.stream()
                .map(directory -> Measurements.read(directory.resolve(name), subject))
                .flatMap(Optional::stream)
                .findFirst()
                .orElseGet(() -> Measurements.none(subject));
    }

    void write(Measurements measurements) {
        for (Path directory : directories) {
            try {
                measurements.write(directory.resolve(Measurements.fileName(measurements.subject())));
            } catch (TwofoldException e) {
                notices.accept("note: " + e.getMessage());
            }
        }
    }
}
