package dev.twofold.disk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What conversions leave beside their target when they are killed, and how it is put right. The names tell what it is:
 *
 * <pre>
 *   .NAME.twofold-HOST-ID        an output that was being filled: worth nothing
 *   .NAME.twofold-HOST-ID-old    the earlier output, moved aside for a new one
 *   .NAME.twofold-HOST-ID-trash  an earlier output that was being deleted: worth nothing
 * </pre>
 *
 * <p>Replacing an output takes two moves, and there is an instant with nothing at the target: a conversion that is killed
 * in it leaves the earlier output aside, from where it goes back. An earlier output is called trash before the first of its
 * files is deleted, so what is called old is whole.
 *
 * <p>Whoever holds the lock of the target knows that nobody on this host works on what is there. Of another host, whose
 * locks may not reach ours, something is only given up when it has not changed for a day.
 */
final class Leftovers {

    private static final Duration SURELY_DEAD = Duration.ofDays(1);
    /** Linux says here what it is called; elsewhere the network is asked. */
    private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

    private static final String OLD = "-old";
    private static final String TRASH = "-trash";

    private final Destination target;
    private final Path parent;
    private final Consumer<String> notices;

    Leftovers(Destination target, Path parent, Consumer<String> notices) {
        this.target = target;
        this.parent = parent;
        this.notices = notices;
    }

    /** A name for a directory that becomes the target. */
    static Path stagingPath(Destination target, Path parent) {
        return parent.resolve(prefix(target) + host() + "-" + UUID.randomUUID());
    }

    /** Where the earlier output goes when a staged one takes its place. */
    static Path aside(Path staging) {
        return staging.resolveSibling(staging.getFileName() + OLD);
    }

    /** Deletes an earlier output that was moved aside. */
    static void delete(Path old) throws IOException {
        String name = old.getFileName().toString();
        Path trash = old.resolveSibling(name.substring(0, name.length() - OLD.length()) + TRASH);
        Files.move(old, trash, StandardCopyOption.ATOMIC_MOVE);
        OutputDirectory.deleteTree(trash);
    }

    private static String prefix(Destination target) {
        return "." + target.path().getFileName() + ".twofold-";
    }

    /** A short name for this host, of letters that any file system takes. */
    private static String host() {
        return UUID.nameUUIDFromBytes(hostName().getBytes(StandardCharsets.UTF_8))
                .toString()
                .substring(0, 8);
    }

    private static String hostName() {
        try {
            return Files.exists(HOST_NAME)
                    ? Files.readString(HOST_NAME)
                    : InetAddress.getLocalHost().getHostName();
        } catch (IOException e) {
            return "localhost";
        }
    }

    /** Puts right what is there. The caller holds the lock. */
    void settle() throws IOException {
        Pattern name = Pattern.compile(
                Pattern.quote(prefix(target)) + "([0-9a-f]{8})-[0-9a-f-]{36}(" + OLD + "|" + TRASH + "|)");
        List<Matcher> known;
        try (Stream<Path> all = Files.list(parent)) {
            known = all.filter(entry -> Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS))
                    .map(entry -> name.matcher(entry.getFileName().toString()))
                    .filter(Matcher::matches)
                    .sorted(Comparator.comparing(Matcher::group))
                    .toList();
        }
        if (known.isEmpty()) {
            return;
        }
        UserPrincipal own = owner();
        for (Matcher one : known) {
            Path entry = parent.resolve(one.group());
            if (!Files.getOwner(entry, LinkOption.NOFOLLOW_LINKS).equals(own)) {
                notices.accept("note: " + entry + " is another user's, and stays");
            } else if (!one.group(1).equals(host()) && !isSurelyDead(entry)) {
                notices.accept("note: " + entry + " is from a conversion on another host, which may be running still");
            } else {
                settle(entry, one.group(2).equals(OLD));
            }
        }
    }

    /**
     * What the file system calls this user, which may not be what the system does. Who can write to what another user made
     * could have put anything in its place.
     */
    private UserPrincipal owner() throws IOException {
        Path probe = Files.createTempFile(parent, prefix(target), ".owner");
        try {
            return Files.getOwner(probe, LinkOption.NOFOLLOW_LINKS);
        } finally {
            Files.delete(probe);
        }
    }

    /** What cannot be removed keeps nobody from working. */
    private void settle(Path entry, boolean old) {
        try {
            if (old) {
                settleOld(entry);
            } else {
                OutputDirectory.deleteTree(entry);
                notices.accept("note: removed what a conversion that was killed had left: " + entry.getFileName());
            }
        } catch (IOException e) {
            notices.accept("note: a conversion that was killed has left " + entry + ", which cannot be removed: " + e);
        }
    }

    private void settleOld(Path old) throws IOException {
        if (target.isFree()) {
            Files.move(old, target.path(), StandardCopyOption.ATOMIC_MOVE);
            notices.accept("note: a conversion was killed while it replaced " + target.path()
                    + ": the earlier output is back in its place");
        } else if (target.isOutput()) {
            delete(old);
            notices.accept("note: removed an earlier output that had been replaced: " + old.getFileName());
        } else {
            notices.accept(
                    "note: " + old + " is an earlier output that was to be replaced; something else is in its place");
        }
    }

    /** Whether nothing in a directory was written for long; what cannot be looked into may be in use. */
    private static boolean isSurelyDead(Path directory) {
        Instant limit = Instant.now().minus(SURELY_DEAD);
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.toList()) {
                FileTime modified = Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS);
                if (modified.toInstant().isAfter(limit)) {
                    return false;
                }
            }
            return true;
        } catch (IOException | UncheckedIOException e) {
            return false;
        }
    }
}
