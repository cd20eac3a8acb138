package dev.twofold.source;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A small file that goes along with a model, such as its tokenizer.
 *
 * @param name in the output
 * @param bytes its length
 */
public record Companion(String name, long bytes, Content content) {

    /** What is in it. */
    @FunctionalInterface
    public interface Content {

        InputStream open() throws IOException;
    }

    /** A file as it is. */
    public static Companion of(Path file) {
        return new Companion(file.getFileName().toString(), file.toFile().length(), () -> Files.newInputStream(file));
    }
}
