package dev.twofold.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A directory for what a process needs only while it lives, gone when it is closed. A process that is killed closes nothing:
 * the next one removes what it left. The lock inside tells the dead from the living, and as a directory has none for an
 * instant, it has to be some minutes old.
 */
public final class SpillDirectory implements AutoCloseable {

    private static final Duration SURELY_LOCKED = Duration.ofMinutes(5);
    private static final String LOCK = "lock";

    private final Path path;
    private final Optional<LockFile> lock;

    private SpillDirectory(Path path, Optional<LockFile> lock) {
        this.path = path;
        this.lock = lock;
    }

    /**
     * Makes a directory, and removes those that dead processes of the same user made.
     *
     * @param parent for temporary files
     * @param prefix of its name
     */
    public static SpillDirectory create(Path parent, String prefix) throws IOException {
        Path path = Files.createTempDirectory(parent, prefix + owner());
        try {
            removeDead(parent, prefix, path);
            return new SpillDirectory(path, LockFile.tryTake(path.resolve(LOCK)));
        } catch (LockFile.UnsupportedLockException e) {
            // Nobody else can take it either.
            return new SpillDirectory(path, Optional.empty());
        } catch (IOException e) {
            Files.deleteIfExists(path);
            throw e;
        }
    }

    /** Tells directories of this process, whose locks it must not touch, from those of others. */
    private static String owner() {
        ProcessHandle process = ProcessHandle.current();
        long start = process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
        return process.pid() + "." + start + "-";
    }

    /** What another user made is not touched: who can write to it could have put anything in its place. */
    private static void removeDead(Path parent, String prefix, Path made) throws IOException {
        Instant recent = Instant.now().minus(SURELY_LOCKED);
        UserPrincipal own = Files.getOwner(made);
        List<Path> candidates;
        try (Stream<Path> entries = Files.list(parent)) {
            candidates = entries.filter(entry -> entry.getFileName().toString().startsWith(prefix))
                    .filter(entry -> !entry.getFileName().toString().startsWith(prefix + owner()))
                    .filter(entry -> Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS))
                    .toList();
        }
        for (Path candidate : candidates) {
            try {
                if (Files.getLastModifiedTime(candidate, LinkOption.NOFOLLOW_LINKS)
                                .toInstant()
                                .isBefore(recent)
                        && Files.getOwner(candidate, LinkOption.NOFOLLOW_LINKS).equals(own)) {
                    removeIfDead(candidate);
                }
            } catch (IOException e) {
                // Another user's, or gone by now.
            }
        }
    }

    private static void removeIfDead(Path directory) throws IOException {
        Optional<LockFile> lock = LockFile.tryTake(directory.resolve(LOCK));
        if (lock.isPresent()) {
            try (LockFile held = lock.get()) {
                delete(directory, held);
            }
        }
    }

    public Path path() {
        return path;
    }

    @Override
    public void close() throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        if (lock.isPresent()) {
            delete(path, lock.get());
        } else {
            deleteTree(path);
        }
    }

    /** The lock goes last, with the directory. */
    private static void delete(Path directory, LockFile lock) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                if (!file.getFileName().toString().equals(LOCK)) {
                    deleteTree(file);
                }
            }
        }
        lock.close();
        Files.deleteIfExists(directory);
    }

    private static void deleteTree(Path root) throws IOException {
        try (Stream<Path> paths = Files.walk(root)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
