package dev.twofold.disk;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/**
 * What may be read as a file of a checkpoint. A checkpoint comes from a stranger and parts of it are copied to the
 * output, so a link in it must not lead to what is not the stranger's: it may stay inside the checkpoint, or lead to a
 * blob in a Hugging Face cache, whose snapshots are directories of such links.
 */
public final class SourceFile {

    private SourceFile() {}

    /** Whether there is something of this name, be it a link to nowhere. */
    public static boolean exists(Path file) {
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * @param file in the directory of the checkpoint
     * @throws TwofoldException of kind INPUT unless it is a regular file that belongs to the checkpoint
     */
    public static void require(Path file) {
        requireChosen(file);
        try {
            requireInside(file);
        } catch (IOException e) {
            throw rejected(file, "cannot read the file").found(e).cause(e);
        }
    }

    /**
     * The same of a file that the user named, who may name it by a link to anywhere.
     *
     * @throws TwofoldException of kind INPUT unless it is a regular file
     */
    public static void requireChosen(Path file) {
        if (!exists(file)) {
            throw rejected(file, "the file is missing")
                    .hint("download the checkpoint again: every Hugging Face checkpoint has this file");
        }
        if (!Files.exists(file)) {
            throw rejected(file, "the file is a link that leads nowhere")
                    .found("a link to " + target(file))
                    .hint("download the checkpoint again, or copy it with what its links lead to (cp -L)");
        }
        if (!Files.isRegularFile(file)) {
            throw rejected(file, "not a regular file")
                    .found(Files.isDirectory(file) ? "a directory" : "a pipe, a device or the like")
                    .hint("download the checkpoint again");
        }
    }

    private static Path target(Path link) {
        try {
            return Files.readSymbolicLink(link);
        } catch (IOException e) {
            throw rejected(link, "cannot read the file").found(e).cause(e);
        }
    }

    /**
     * The same of a file that should be small.
     *
     * @param limit in bytes
     */
    public static void require(Path file, long limit) {
        require(file);
        long bytes = file.toFile().length();
        if (bytes > limit) {
            throw rejected(file, "the file is too large")
                    .found(bytes + " bytes")
                    .expected("at most " + limit + " bytes");
        }
    }

    /** The text of a small file. */
    public static String text(Path file, long limit) {
        require(file, limit);
        try {
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            throw rejected(file, "not UTF-8 text").hint("save it as UTF-8").cause(e);
        } catch (IOException e) {
            throw rejected(file, "cannot read the file").found(e).cause(e);
        }
    }

    private static void requireInside(Path file) throws IOException {
        Path real = file.toRealPath();
        Path directory = file.resolveSibling("").toRealPath();
        if (!real.startsWith(directory) && !isBlob(real)) {
            throw rejected(file, "the file is a link to a place outside the checkpoint")
                    .found("a link to " + real)
                    .hint("if you trust who made the link, put the file itself in its place");
        }
    }

    /** Whether a link leads to a blob of the Hugging Face cache that it is in. */
    public static boolean leadsToHubBlob(Path link) {
        try {
            Path real = link.toRealPath();
            Path snapshots = real.resolveSibling("../snapshots").toRealPath();
            return isBlob(real) && link.resolveSibling("").toRealPath().startsWith(snapshots);
        } catch (IOException e) {
            return false;
        }
    }

    /** {@code models--owner--name/blobs/HASH}, which has {@code snapshots} beside it. */
    private static boolean isBlob(Path real) {
        Path folder = real.getParent();
        return folder != null && folder.endsWith("blobs") && Files.isDirectory(folder.resolveSibling("snapshots"));
    }

    private static TwofoldException rejected(Path file, String what) {
        return TwofoldException.input(what).at(Origin.file(file));
    }
}
