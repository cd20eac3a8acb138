package dev.twofold.disk;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Measures and hashes files. */
public final class FileHash {

    private static final int BLOCK = 1 << 20;

    private FileHash() {}

    /** Length in bytes. */
    public static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    public static FileFact of(Path file) {
        MessageDigest digest = digest();
        byte[] block = new byte[BLOCK];
        long bytes = 0;
        try (InputStream in = Files.newInputStream(file)) {
            for (int count = in.read(block); count >= 0; count = in.read(block)) {
                digest.update(block, 0, count);
                bytes += count;
            }
        } catch (IOException e) {
            throw unreadable(file, e);
        }
        return new FileFact(bytes, HexFormat.of().formatHex(digest.digest()));
    }

    /** The SHA-256 of files, in hexadecimal, by their names. */
    public static SortedMap<String, String> byName(List<Path> files) {
        SortedMap<String, String> hashes = new TreeMap<>();
        files.forEach(file -> hashes.put(file.getFileName().toString(), of(file).sha256()));
        return hashes;
    }

    /** The SHA-256 of some bytes, in hexadecimal. */
    public static String sha256(byte[] bytes) {
        return HexFormat.of().formatHex(digest().digest(bytes));
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static TwofoldException unreadable(Path file, IOException e) {
        return TwofoldException.environment("cannot read the file")
                .at(Origin.file(file))
                .found(e)
                .cause(e);
    }
}
