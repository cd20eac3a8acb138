package dev.twofold.onnx;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A directory that appears whole or not at all: it is filled beside the target, forced to disk, and moved there.
 * Closed without {@link #commit}, or when the process is told to stop, it disappears.
 */
public final class OutputDirectory implements AutoCloseable {

    private static final int DELETE_ATTEMPTS = 5;

    private enum State {
        FILLING,
        COMMITTED,
        DISCARDED
    }

    private final OutputTarget target;
    private final Path parent;
    private final Path staging;
    /** Directories above the target that did not exist before, innermost first. */
    private final List<Path> parents;

    private final Thread onExit = new Thread(this::discard);
    private State state = State.FILLING;

    private OutputDirectory(OutputTarget target, Path parent, Path staging, List<Path> parents) {
        this.target = target;
        this.parent = parent;
        this.staging = staging;
        this.parents = parents;
    }

    /**
     * Makes an empty directory beside the target.
     *
     * @param bytes roughly how much will be written to it
     * @throws TwofoldException of kind ENVIRONMENT if the disk does not let us, or has no room
     */
    public static OutputDirectory stage(OutputTarget target, long bytes) {
        Path parent = target.path().getParent();
        if (parent == null) {
            throw TwofoldException.input("the output has no parent directory").at(Origin.file(target.path()));
        }
        List<Path> missing = Stream.iterate(parent, path -> path != null && !Files.exists(path), Path::getParent)
                .toList();
        Path staging = parent.resolve("." + target.path().getFileName() + ".twofold-" + UUID.randomUUID());
        try {
            Path existing =
                    missing.isEmpty() ? parent : missing.get(missing.size() - 1).getParent();
            requireRoom(target.path(), existing == null ? parent : existing, bytes);
            Files.createDirectories(parent);
            Files.createDirectory(staging);
        } catch (IOException e) {
            throw unwritable(target.path(), e);
        }
        OutputDirectory output = new OutputDirectory(target, parent, staging, missing);
        Runtime.getRuntime().addShutdownHook(output.onExit);
        return output;
    }

    private static void requireRoom(Path target, Path existing, long bytes) throws IOException {
        long room = Files.getFileStore(existing).getUsableSpace();
        if (room < bytes) {
            throw TwofoldException.environment("not enough space on the disk")
                    .at(Origin.file(target))
                    .found(room + " bytes free")
                    .expected("at least " + bytes)
                    .hint("free some, or write to another disk");
        }
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
        Path old = staging.resolveSibling(staging.getFileName() + "-old");
        Files.move(target.path(), old, StandardCopyOption.ATOMIC_MOVE);
        try {
            Files.move(staging, target.path(), StandardCopyOption.ATOMIC_MOVE);
            state = State.COMMITTED;
        } catch (IOException e) {
            Files.move(old, target.path(), StandardCopyOption.ATOMIC_MOVE);
            throw e;
        }
        deleteTree(old);
    }

    private static void force(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public void close() {
        discard();
        try {
            Runtime.getRuntime().removeShutdownHook(onExit);
        } catch (IllegalStateException e) {
            // The process is already stopping, and the hook has run or will.
        }
    }

    private synchronized void discard() {
        if (state != State.FILLING) {
            return;
        }
        state = State.DISCARDED;
        try {
            deleteTree(staging);
            for (Path made : parents) {
                Files.deleteIfExists(made);
            }
        } catch (DirectoryNotEmptyException e) {
            // Someone else uses the parent directory by now.
        } catch (IOException e) {
            throw unwritable(staging, e);
        }
    }

    /** When the process is told to stop, other threads may still be adding files to what is being deleted. */
    private static void deleteTree(Path root) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try (Stream<Path> paths = Files.walk(root)) {
                for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(path);
                }
                return;
            } catch (DirectoryNotEmptyException e) {
                if (attempt == DELETE_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    static TwofoldException unwritable(Path path, IOException e) {
        return TwofoldException.environment("cannot write the output")
                .at(Origin.file(path))
                .found(e)
                .hint("check permissions and space")
                .cause(e);
    }
}
