package dev.twofold.source;

import dev.twofold.disk.SourceFile;
import dev.twofold.tokenizer.TokenizerFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A small file that goes along with a model, such as its tokenizer.
 *
 * @param name in the output
 * @param bytes its length
 */
public record Companion(String name, long bytes, Content content) {

    /** Those of a Hugging Face checkpoint that a runtime reads beside the weights, by their names. */
    private static final List<String> USUAL = List.of(
            "config.json",
            "generation_config.json",
            TokenizerFile.NAME,
            "tokenizer_config.json",
            "tokenizer.model",
            "special_tokens_map.json",
            "added_tokens.json",
            "vocab.json",
            "merges.txt",
            "chat_template.jinja",
            "chat_template.json");

    /** What is in it. */
    @FunctionalInterface
    public interface Content {

        InputStream open() throws IOException;
    }

    /** A file as it is. */
    public static Companion of(Path file) {
        return new Companion(file.getFileName().toString(), file.toFile().length(), () -> Files.newInputStream(file));
    }

    /** The usual ones that are in a directory. */
    public static Stream<Path> files(Path directory) {
        return USUAL.stream().map(directory::resolve).filter(SourceFile::exists);
    }
}
