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
 * A directory that appears whole or not at all: it is filled beside the target, forced to disk, and moved there in one
 * step. Closed without {@link #commit}, or when the process is told to stop, it disappears.
 */
public final class OutputDirectory implements AutoCloseable {

    /** A directory with this file in it is one that Twofold made, and may replace when forced to. */
    public static final String MANIFEST = "twofold.json";

    private enum State {
        FILLING,
        COMMITTED,
        DISCARDED
    }

    private final Path parent;
    private final Path target;
    private final Path staging;
    /** Directories above the target that did not exist before, innermost first. */
    private final List<Path> parents;

    private final Thread onExit = new Thread(this::discard);
    private State state = State.FILLING;

    private OutputDirectory(Path parent, Path target, Path staging, List<Path> parents) {
        this.parent = parent;
        this.target = target;
        this.staging = staging;
        this.parents = parents;
    }

    /**
     * Checks that a target can be written.
     *
     * @param inputs directories that are read; the target may be neither one of them, nor inside one, nor, where it
     *     would be replaced, around one
     * @param force whether an earlier output of Twofold may be replaced
     * @throws TwofoldException of kind INPUT if not
     */
    public static void requireWritable(Path target, List<Path> inputs, boolean force) {
        Path absolute = canonical(target);
        for (Path input : inputs) {
            if (absolute.startsWith(canonical(input))) {
                throw TwofoldException.input("the output lies inside the input")
                        .at(Origin.file(target))
                        .found("input " + input)
                        .hint("choose a directory outside the checkpoint");
            }
            if (Files.exists(target) && canonical(input).startsWith(absolute)) {
                throw TwofoldException.input("the input lies inside the output, and would be replaced with it")
                        .at(Origin.file(target))
                        .found("input " + input)
                        .hint("choose another directory");
            }
        }
        if (!Files.exists(target)) {
            return;
        }
        if (!Files.isDirectory(target)) {
            throw TwofoldException.input("the output exists and is not a directory")
                    .at(Origin.file(target));
        }
        if (isEmpty(target)) {
            return;
        }
        if (!force) {
            throw TwofoldException.input("the output directory already exists")
                    .at(Origin.file(target))
                    .hint("choose another name, or replace it with --force");
        }
        if (!Files.exists(target.resolve(MANIFEST))) {
            throw TwofoldException.input(
                            "--force only replaces what Twofold made, and this directory has no " + MANIFEST)
                    .at(Origin.file(target))
                    .hint("remove it yourself, or choose another name");
        }
    }

    /** The path with every link that exists resolved. */
    private static Path canonical(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        Path existing = nearestExisting(absolute);
        try {
            return existing.toRealPath().resolve(existing.relativize(absolute)).normalize();
        } catch (IOException e) {
            return absolute;
        }
    }

    private static Path nearestExisting(Path absolute) {
        Path existing = absolute;
        while (existing.getParent() != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        return existing;
    }

    private static boolean isEmpty(Path directory) {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.findAny().isEmpty();
        } catch (IOException e) {
            throw unwritable(directory, e);
        }
    }

    /**
     * Makes an empty directory beside the target.
     *
     * @param bytes roughly how much will be written to it
     * @throws TwofoldException of kind ENVIRONMENT if the disk does not let us, or has no room
     */
    public static OutputDirectory stage(Path target, long bytes) {
        Path absolute = target.toAbsolutePath().normalize();
        Path parent = absolute.getParent();
        if (parent == null) {
            throw TwofoldException.input("the output has no parent directory").at(Origin.file(target));
        }
        Path staging = parent.resolve("." + absolute.getFileName() + ".twofold-" + UUID.randomUUID());
        List<Path> parents = missing(parent);
        requireRoom(target, nearestExisting(parent), bytes);
        try {
            Files.createDirectories(parent);
            Files.createDirectory(staging);
        } catch (IOException e) {
            throw unwritable(target, e);
        }
        OutputDirectory output = new OutputDirectory(parent, absolute, staging, parents);
        Runtime.getRuntime().addShutdownHook(output.onExit);
        return output;
    }

    /** The directory and those above it that do not exist, innermost first. */
    private static List<Path> missing(Path directory) {
        return Stream.iterate(directory, path -> path != null && !Files.exists(path), Path::getParent)
                .toList();
    }

    private static void requireRoom(Path target, Path existing, long bytes) {
        try {
            long room = Files.getFileStore(existing).getUsableSpace();
            if (room < bytes) {
                throw TwofoldException.environment("not enough space on the disk")
                        .at(Origin.file(target))
                        .found(room + " bytes free")
                        .expected("at least " + bytes)
                        .hint("free some, or write to another disk");
            }
        } catch (IOException e) {
            throw unwritable(target, e);
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

    /** Forces every file to disk and moves the directory to the target, replacing an earlier output. */
    public synchronized void commit() {
        if (state != State.FILLING) {
            throw TwofoldException.environment("interrupted").at(Origin.file(target));
        }
        try {
            try (Stream<Path> files = Files.walk(staging)) {
                for (Path file : files.toList()) {
                    force(file);
                }
            }
            replace();
            force(parent);
        } catch (IOException e) {
            throw unwritable(target, e);
        }
        state = State.COMMITTED;
    }

    private void replace() throws IOException {
        Path old = staging.resolveSibling(staging.getFileName() + "-old");
        boolean replaced = Files.exists(target) && !isEmpty(target);
        if (replaced) {
            Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
        }
        try {
            Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (DirectoryNotEmptyException e) {
            throw TwofoldException.input("the output directory appeared while we were working")
                    .at(Origin.file(target))
                    .cause(e);
        }
        if (replaced) {
            deleteTree(old);
        }
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
            // Someone else uses the directory by now.
        } catch (IOException e) {
            throw unwritable(staging, e);
        }
    }

    private static void deleteTree(Path root) throws IOException {
        try (Stream<Path> paths = Files.walk(root)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }

    private static TwofoldException unwritable(Path path, IOException e) {
        return TwofoldException.environment("cannot write the output")
                .at(Origin.file(path))
                .found(e)
                .hint("check permissions and space")
                .cause(e);
    }
}
