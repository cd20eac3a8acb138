package dev.twofold.disk;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A place that an output may be moved to.
 *
 * @param path absolute, with every link that exists resolved
 * @param replaces whether an earlier output there may be replaced
 */
public record Destination(Path path, boolean replaces) {

    /** A directory with this file in it is one that Twofold made, and may replace when forced to. */
    private static final String MANIFEST = "twofold.json";

    /** Most file systems have names of 255 bytes; a conversion adds 61. */
    private static final int MAX_NAME = 190;

    /**
     * Checks that a target can be written.
     *
     * @param inputs directories that are read; the target may be neither one of them, nor inside one, nor, where it
     *     would be replaced, around one
     * @param force whether an earlier output of Twofold may be replaced
     * @throws TwofoldException of kind INPUT if not
     */
    public static Destination check(Path target, List<Path> inputs, boolean force) {
        Destination checked = new Destination(canonical(target), force);
        checked.requireShortName();
        inputs.forEach(input -> requireApart(target, checked.path(), input));
        checked.requireDirectories();
        checked.requireFree();
        return checked;
    }

    /** What is filled beside the target has a name that is longer by what tells conversions apart. */
    private void requireShortName() {
        int bytes = String.valueOf(path.getFileName()).getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MAX_NAME) {
            throw TwofoldException.input("the name of the output is too long")
                    .at(Origin.file(path))
                    .found(bytes + " bytes")
                    .expected("at most " + MAX_NAME)
                    .hint("choose another name");
        }
    }

    private static void requireApart(Path target, Path path, Path input) {
        if (path.startsWith(canonical(input))) {
            throw TwofoldException.input("the output lies inside the input")
                    .at(Origin.file(target))
                    .found("input " + input)
                    .hint("choose a directory outside the checkpoint");
        }
        if (Files.exists(path) && canonical(input).startsWith(path)) {
            throw TwofoldException.input("the input lies inside the output, and would be replaced with it")
                    .at(Origin.file(target))
                    .found("input " + input)
                    .hint("choose another directory");
        }
    }

    /** What exists of the target and of the directories above it has to be directories, and no links to nowhere. */
    private void requireDirectories() {
        Path existing = path;
        while (existing.getParent() != null && !Files.exists(existing, LinkOption.NOFOLLOW_LINKS)) {
            existing = existing.getParent();
        }
        if (!Files.isDirectory(existing)) {
            boolean link = Files.isSymbolicLink(existing);
            throw TwofoldException.input(link ? "the output is a link that leads nowhere" : "not a directory")
                    .at(Origin.file(existing))
                    .found(link ? "a link" : "a file")
                    .hint("choose another name for the output");
        }
    }

    /**
     * Checks that nothing is there that may not be replaced. Asked again before anything is moved, because others may
     * have written there meanwhile.
     */
    void requireFree() {
        if (isFree()) {
            return;
        }
        if (!replaces) {
            throw TwofoldException.input("the output directory already exists")
                    .at(Origin.file(path))
                    .hint("choose another name, or add --force to replace it");
        }
        if (!isOutput()) {
            throw TwofoldException.input(
                            "--force only replaces what Twofold made, and this directory has no " + MANIFEST)
                    .at(Origin.file(path))
                    .hint("remove it yourself, or choose another name");
        }
    }

    /** Whether there is an output of Twofold. */
    boolean isOutput() {
        return Files.exists(path.resolve(MANIFEST));
    }

    /** Whether there is nothing, or an empty directory. */
    boolean isFree() {
        if (!Files.exists(path)) {
            return true;
        }
        try (Stream<Path> entries = Files.list(path)) {
            return entries.findAny().isEmpty();
        } catch (IOException e) {
            throw OutputDirectory.unwritable(path, e);
        }
    }

    private static Path canonical(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        Path existing = absolute;
        while (existing.getParent() != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        try {
            return existing.toRealPath().resolve(existing.relativize(absolute)).normalize();
        } catch (IOException e) {
            return absolute;
        }
    }
}
