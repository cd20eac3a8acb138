package dev.twofold.disk;

import java.util.regex.Pattern;

/** Length in bytes and SHA-256 in hexadecimal. */
public record FileFact(long bytes, String sha256) {

    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

    public FileFact {
        if (bytes < 0 || !HASH.matcher(sha256).matches()) {
            throw new IllegalArgumentException("no file has " + bytes + " bytes of SHA-256 " + sha256);
        }
    }
}
