package dev.twofold.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A directory of the process's own, in memory where the system has such a place, with one file that is fuzzed. */
public final class FuzzedDirectory {

    private static final Path MEMORY = Path.of("/dev/shm");

    private final Path directory;
    private final Path file;

    private FuzzedDirectory(Path directory, Path file) {
        this.directory = directory;
        this.file = file;
    }

    /** What the directory holds besides. */
    public interface Content {
        void write(Path directory) throws IOException;
    }

    public static FuzzedDirectory with(String fuzzed, Content others) {
        try {
            Path directory = Files.isWritable(MEMORY)
                    ? Files.createTempDirectory(MEMORY, "twofold-fuzz-")
                    : Files.createTempDirectory("twofold-fuzz-");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(directory)));
            others.write(directory);
            return new FuzzedDirectory(directory, directory.resolve(fuzzed));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The directory, with these bytes in the fuzzed file. */
    public Path holding(byte[] bytes) {
        try {
            Files.write(file, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return directory;
    }

    private static void delete(Path directory) {
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
