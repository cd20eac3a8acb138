package dev.twofold.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * Writes a text file whole or not at all: beside its place, under a name of this process, and then moved there. What a
 * process that was killed left of the same file goes when it is a day old.
 */
public final class WholeFile {

    private static final Duration SURELY_DEAD = Duration.ofDays(1);
    private static final String PART = ".part";

    private WholeFile() {}

    /** Makes the directory too, if there is none. */
    public static void write(Path file, String text) throws IOException {
        Path place = file.toAbsolutePath();
        Path directory = place.getParent();
        if (directory == null) {
            throw new IOException(file + " is no name of a file");
        }
        Files.createDirectories(directory);
        String name = place.getFileName().toString();
        removeDead(directory, name);
        Path part = directory.resolve("." + name + "." + ProcessHandle.current().pid() + PART);
        try {
            Files.writeString(part, text);
            Files.move(part, place, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.deleteIfExists(part);
            throw e;
        }
    }

    /** Whether a file is a part of another one that is being written, or was when a process was killed. */
    public static boolean isPart(Path entry, String file) {
        String name = entry.getFileName().toString();
        return name.startsWith("." + file + ".") && name.endsWith(PART);
    }

    private static void removeDead(Path directory, String file) throws IOException {
        List<Path> parts;
        try (Stream<Path> entries = Files.list(directory)) {
            parts = entries.filter(entry -> isPart(entry, file)).toList();
        }
        Instant limit = Instant.now().minus(SURELY_DEAD);
        for (Path part : parts) {
            if (Files.exists(part)
                    && Files.getLastModifiedTime(part).toInstant().isBefore(limit)) {
                Files.deleteIfExists(part);
            }
        }
    }
}
