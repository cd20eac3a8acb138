package dev.twofold.disk;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/**
 * A file that is locked for as long as its owner lives: the system lets go of the lock however a process ends, so whoever
 * gets it knows that the last owner is dead or done. Closing it removes the file.
 *
 * <p>The lock belongs to the process. On Unix it is also lost when the process opens and closes the file another time, so
 * one process should take a file once.
 */
public final class LockFile implements AutoCloseable {

    private static final int ATTEMPTS = 100;

    private final Path path;
    private final FileChannel channel;

    private LockFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /**
     * Takes a file, which need not exist.
     *
     * @return nothing if it is taken
     * @throws IOException if it cannot be made
     * @throws UnsupportedLockException if the file system has no locks
     */
    public static Optional<LockFile> tryTake(Path path) throws IOException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            try {
                Files.createFile(path);
            } catch (FileAlreadyExistsException e) {
                // Left behind, or in use.
            }
            String before = key(path);
            if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                    && Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                throw new IOException(path + " is a link, a pipe or a directory, not the file of a lock");
            }
            FileChannel channel;
            try {
                // To read as well: opened so, a pipe that has taken its place meanwhile does not wait for a reader.
                channel = FileChannel.open(
                        path, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
            } catch (NoSuchFileException e) {
                continue;
            }
            if (!locked(channel)) {
                channel.close();
                return Optional.empty();
            }
            if (key(path).equals(before)) {
                return Optional.of(new LockFile(path, channel));
            }
            // The last owner removed the file after we had opened it: what we have locked is no longer there.
            channel.close();
        }
        return Optional.empty();
    }

    private static boolean locked(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        } catch (IOException e) {
            channel.close();
            throw new UnsupportedLockException(e);
        }
    }

    private static String key(Path path) throws IOException {
        try {
            return String.valueOf(Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .fileKey());
        } catch (NoSuchFileException e) {
            return "";
        }
    }

    /** Some network file systems have no locks. */
    public static final class UnsupportedLockException extends IOException {

        private static final long serialVersionUID = 1L;

        UnsupportedLockException(IOException cause) {
            super(cause);
        }
    }

    /** Removes the file first, so that nobody finds it without its lock. */
    @Override
    public void close() throws IOException {
        if (!channel.isOpen()) {
            return;
        }
        try {
            Files.deleteIfExists(path);
        } finally {
            channel.close();
        }
    }
}
