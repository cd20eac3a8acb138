package dev.twofold.disk;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
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
 * What files were at a moment. Hours may pass between reading a header and the weights behind it: whoever writes an output asks at
 * the end whether all of it was read from the same files.
 */
public final class FileStamps {

    private final Map<Path, Stamp> stamps;

    private FileStamps(Map<Path, Stamp> stamps) {
        this.stamps = stamps;
    }

    /**
     * What a file that is written or replaced does not keep.
     *
     * @param key the file system's number of the file, if it has one
     */
    private record Stamp(long bytes, FileTime modified, String key) {

        static Stamp of(Path file) throws IOException {
            BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
            return new Stamp(found.size(), found.lastModifiedTime(), String.valueOf(found.fileKey()));
        }

        String describe() {
            return bytes + " bytes, last modified " + modified + ", file " + key;
        }
    }

    /** Of the regular files of a directory, links followed. */
    public static FileStamps of(Path directory) {
        try (Stream<Path> entries = Files.list(directory)) {
            Map<Path, Stamp> stamps = new HashMap<>();
            for (Path entry : entries.filter(Files::isRegularFile).toList()) {
                stamps.put(entry, Stamp.of(entry));
            }
            return new FileStamps(stamps);
        } catch (IOException e) {
            throw TwofoldException.environment("cannot list the directory")
                    .at(Origin.file(directory))
                    .found(e)
                    .cause(e);
        }
    }

    /** These and others. */
    public FileStamps and(FileStamps others) {
        Map<Path, Stamp> all = new HashMap<>(stamps);
        all.putAll(others.stamps);
        return new FileStamps(all);
    }

    /** @throws TwofoldException of kind ENVIRONMENT that names a file which is not what it was */
    public void requireUnchanged(List<Path> files) {
        for (Path file : files) {
            try {
                Stamp before = stamps.get(file);
                Stamp now = Stamp.of(file);
                if (!now.equals(before)) {
                    throw changed(file)
                            .found(now.describe())
                            .expected(before == null ? "no such file" : before.describe());
                }
            } catch (IOException e) {
                throw changed(file).found(e).cause(e);
            }
        }
    }

    private static TwofoldException changed(Path file) {
        return TwofoldException.environment("the file changed while the checkpoint was being converted")
                .at(Origin.file(file))
                .hint("run the command again when nothing else writes to the checkpoint");
    }
}
