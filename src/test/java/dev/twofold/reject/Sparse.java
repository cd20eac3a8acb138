package dev.twofold.reject;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/** Files that are long and take no room. */
final class Sparse {

    private Sparse() {}

    /** Zeros. */
    static void write(Path file, long length) throws IOException {
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(length);
        }
    }
}
