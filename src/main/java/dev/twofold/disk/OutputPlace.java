package dev.twofold.disk;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.LockFile.UnsupportedLockException;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The place of an output, claimed: until it is closed no other conversion writes there, and what one that was killed has
 * left there has been put right. When it is closed, or the process is told to stop, everything is gone that was made and not
 * committed.
 */
public final class OutputPlace implements AutoCloseable {

    private final Destination target;
    private final Path parent;
    /** Directories above the target that did not exist before, innermost first. */
    private final List<Path> made;

    private final Optional<LockFile> lock;
    private final Thread onExit = new Thread(this::releaseOnExit);
    private @Nullable OutputDirectory staged;
    private boolean released;

    private OutputPlace(Destination target, Path parent, List<Path> made, Optional<LockFile> lock) {
        this.target = target;
        this.parent = parent;
        this.made = made;
        this.lock = lock;
    }

    /**
     * Makes sure that nobody else writes an output there.
     *
     * @param notices hears what was found of conversions that were killed, and what became of it
     * @throws TwofoldException of kind ENVIRONMENT if somebody does, or the disk does not let us; of kind INPUT if an earlier
     *     output that was put back may not be replaced
     */
    public static OutputPlace claim(Destination target, Consumer<String> notices) {
        Path parent = target.path().getParent();
        if (parent == null) {
            throw TwofoldException.input("the output has no parent directory").at(Origin.file(target.path()));
        }
        List<Path> missing = Stream.iterate(parent, path -> path != null && !Files.exists(path), Path::getParent)
                .toList();
        OutputPlace place;
        try {
            Files.createDirectories(parent);
            place = new OutputPlace(target, parent, missing, lock(target, parent, notices));
        } catch (IOException e) {
            throw OutputDirectory.unwritable(target.path(), e);
        }
        Runtime.getRuntime().addShutdownHook(place.onExit);
        try {
            // Without a lock nobody is known to be dead.
            if (place.lock.isPresent()) {
                new Leftovers(target, parent, notices).settle();
            }
            target.requireFree();
            return place;
        } catch (IOException e) {
            place.close();
            throw OutputDirectory.unwritable(target.path(), e);
        } catch (TwofoldException e) {
            place.close();
            throw e;
        }
    }

    private static Optional<LockFile> lock(Destination target, Path parent, Consumer<String> notices)
            throws IOException {
        Path file = parent.resolve("." + target.path().getFileName() + ".twofold.lock");
        try {
            Optional<LockFile> lock = LockFile.tryTake(file);
            if (lock.isEmpty()) {
                throw TwofoldException.environment("another conversion is writing this output")
                        .at(Origin.file(target.path()))
                        .hint("wait until it is done, or choose another directory");
            }
            return lock;
        } catch (UnsupportedLockException e) {
            Files.deleteIfExists(file);
            notices.accept("note: the file system of " + parent + " has no locks: make sure yourself that nothing else"
                    + " writes to " + target.path().getFileName());
            return Optional.empty();
        }
    }

    /**
     * Makes an empty directory beside the target.
     *
     * @param bytes roughly how much will be written to it
     * @throws TwofoldException of kind ENVIRONMENT if the disk does not let us, or has no room
     */
    public synchronized OutputDirectory stage(long bytes) {
        if (released) {
            throw TwofoldException.environment("interrupted").at(Origin.file(target.path()));
        }
        requireRoom(bytes);
        Path staging = Leftovers.stagingPath(target, parent);
        try {
            Files.createDirectory(staging);
        } catch (IOException e) {
            throw OutputDirectory.unwritable(target.path(), e);
        }
        staged = new OutputDirectory(target, parent, staging);
        return staged;
    }

    private void requireRoom(long bytes) {
        try {
            long room = Files.getFileStore(parent).getUsableSpace();
            if (room < bytes) {
                throw TwofoldException.environment("not enough space on the disk")
                        .at(Origin.file(target.path()))
                        .found(room + " bytes free")
                        .expected("at least " + bytes)
                        .hint("free some space, or write to another disk");
            }
        } catch (IOException e) {
            throw OutputDirectory.unwritable(target.path(), e);
        }
    }

    @Override
    public void close() {
        release();
        try {
            Runtime.getRuntime().removeShutdownHook(onExit);
        } catch (IllegalStateException e) {
            // The process is already stopping, and the hook has run or will.
        }
    }

    private void releaseOnExit() {
        try {
            release();
        } catch (TwofoldException e) {
            // Nobody is left to be told; the next conversion removes what could not be removed now.
        }
    }

    private synchronized void release() {
        if (released) {
            return;
        }
        released = true;
        try {
            if (staged != null) {
                staged.close();
            }
        } finally {
            unlock();
        }
    }

    private void unlock() {
        try {
            if (lock.isPresent()) {
                lock.get().close();
            }
            for (Path directory : made) {
                Files.deleteIfExists(directory);
            }
        } catch (DirectoryNotEmptyException e) {
            // The output is in it, or somebody else's work.
        } catch (IOException e) {
            throw OutputDirectory.unwritable(parent, e);
        }
    }
}
