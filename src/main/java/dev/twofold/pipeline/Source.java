package dev.twofold.pipeline;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.source.huggingface.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A checkpoint, and what its files were before the first of them was read. Hours may pass between reading a header and
 * the weights behind it: whoever writes an output asks at the end whether all of it was read from the same files.
 *
 * @param name what the manifest calls it
 * @param companions tokenizer and configuration files, which are copied
 * @param files every file that the conversion depends on; one that is gone by now is still one of them
 * @param stamps the regular files of its directory, links followed
 */
public record Source(
        Checkpoint checkpoint, String name, List<Path> companions, List<Path> files, Map<Path, Stamp> stamps) {

    /**
     * What a file that is written or replaced does not keep.
     *
     * @param key the file system's number of the file, if it has one
     */
    record Stamp(long bytes, FileTime modified, String key) {
        static Stamp of(Path file) throws IOException {
            BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
            return new Stamp(found.size(), found.lastModifiedTime(), String.valueOf(found.fileKey()));
        }
    }

    public Source {
        companions = List.copyOf(companions);
        files = List.copyOf(files);
        stamps = Map.copyOf(stamps);
    }

    /**
     * Reads config and headers; no weight. It is called what its directory is called.
     *
     * @throws TwofoldException of kind INPUT if the checkpoint is missing, malformed, or of an unsupported family
     */
    public static Source read(Path directory) {
        Checkpoint.requireDirectory(directory);
        Map<Path, Stamp> stamps = new HashMap<>();
        try (Stream<Path> entries = Files.list(directory)) {
            for (Path entry : entries.filter(Files::isRegularFile).toList()) {
                stamps.put(entry, Stamp.of(entry));
            }
        } catch (IOException e) {
            throw TwofoldException.environment("cannot list the directory")
                    .at(Origin.file(directory))
                    .found(e)
                    .cause(e);
        }
        String name = String.valueOf(directory.toAbsolutePath().normalize().getFileName());
        Checkpoint checkpoint = Checkpoint.read(directory);
        return new Source(checkpoint, name, checkpoint.companions(), checkpoint.sources(), stamps);
    }

    /** The same checkpoint under another name. */
    public Source named(String other) {
        return new Source(checkpoint, other, companions, files, stamps);
    }

    /** @throws TwofoldException of kind ENVIRONMENT that names a file which is not what it was at first */
    public void requireUnchanged() {
        for (Path file : files) {
            try {
                Stamp before = stamps.get(file);
                Stamp now = Stamp.of(file);
                if (!now.equals(before)) {
                    throw changed(file)
                            .found(describe(now))
                            .expected(before == null ? "no such file" : describe(before));
                }
            } catch (IOException e) {
                throw changed(file).found(e).cause(e);
            }
        }
    }

    private static String describe(Stamp stamp) {
        return stamp.bytes() + " bytes, last modified " + stamp.modified() + ", file " + stamp.key();
    }

    private static TwofoldException changed(Path file) {
        return TwofoldException.environment("the file changed while the checkpoint was being converted")
                .at(Origin.file(file))
                .hint("run the command again when nothing else writes to the checkpoint");
    }
}
