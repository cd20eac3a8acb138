package dev.twofold.disk;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A directory that appears whole or not at all: it is filled beside the target, forced to disk, and moved there.
 * Closed without {@link #commit}, it disappears; {@link OutputPlace} closes it when the process is told to stop.
 */
public final class OutputDirectory implements AutoCloseable {

    private static final int DELETE_ATTEMPTS = 5;

    private enum State {
        FILLING,
        COMMITTED,
        DISCARDED
    }

    private final Destination target;
    private final Path parent;
    private final Path staging;
    private State state = State.FILLING;

    /** @param staging exists, beside the target, and is empty */
    OutputDirectory(Destination target, Path parent, Path staging) {
        this.target = target;
        this.parent = parent;
        this.staging = staging;
    }

    /** Where to put the files. */
    public Path path() {
        return staging;
    }

    /** Every regular file under a directory, in the order of their paths. */
    public static List<Path> files(Path directory) {
        try (Stream<Path> paths = Files.walk(directory)) {
            return paths.filter(Files::isRegularFile).sorted().toList();
        } catch (IOException e) {
            throw unwritable(directory, e);
        }
    }

    /** Forces every file to disk and moves the directory to the target, replacing an earlier output if it may. */
    public synchronized void commit() {
        if (state != State.FILLING) {
            throw TwofoldException.environment("interrupted").at(Origin.file(target.path()));
        }
        target.requireFree();
        try {
            try (Stream<Path> files = Files.walk(staging)) {
                for (Path file : files.toList()) {
                    force(file);
                }
            }
            if (target.isFree()) {
                Files.move(staging, target.path(), StandardCopyOption.ATOMIC_MOVE);
                state = State.COMMITTED;
            } else {
                replace();
            }
            force(parent);
        } catch (IOException e) {
            throw unwritable(target.path(), e);
        }
    }

    private void replace() throws IOException {
        Path old = Leftovers.aside(staging);
        Files.move(target.path(), old, StandardCopyOption.ATOMIC_MOVE);
        try {
            Files.move(staging, target.path(), StandardCopyOption.ATOMIC_MOVE);
            state = State.COMMITTED;
        } catch (IOException e) {
            Files.move(old, target.path(), StandardCopyOption.ATOMIC_MOVE);
            throw e;
        }
        Leftovers.delete(old);
    }

    private static void force(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public synchronized void close() {
        if (state != State.FILLING) {
            return;
        }
        state = State.DISCARDED;
        try {
            deleteTree(staging);
        } catch (IOException e) {
            throw unwritable(staging, e);
        }
    }

    /** When the process is told to stop, other threads may still be adding files to what is being deleted. */
    static void deleteTree(Path root) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try (Stream<Path> paths = Files.walk(root)) {
                for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(path);
                }
                return;
            } catch (NoSuchFileException e) {
                return;
            } catch (DirectoryNotEmptyException e) {
                if (attempt == DELETE_ATTEMPTS) {
                    throw e;
                }
            } catch (UncheckedIOException e) {
                if (attempt == DELETE_ATTEMPTS) {
                    throw e.getCause();
                }
            }
        }
    }

    /** The failure of a disk that does not take what is written to it. */
    public static TwofoldException unwritable(Path path, IOException e) {
        return TwofoldException.environment("cannot write the output")
                .at(Origin.file(path))
                .found(e)
                .hint("check that you may write there, and that the disk has room")
                .cause(e);
    }
}
