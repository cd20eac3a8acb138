package dev.twofold.fuzz;

import dev.twofold.checkpoint.TokenizerFile;
import java.nio.file.Path;

/** Any bytes as a tokenizer.json, opened and used: the native library behind it must not take the process down. */
public final class TokenizerFuzz {

    private static final int VOCABULARY = 1000;
    private static final FuzzedDirectory DIRECTORY = FuzzedDirectory.with("tokenizer.json", directory -> {});

    private TokenizerFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        Path directory = DIRECTORY.holding(data);
        Promise.readOrRefuse(() -> {
            try (TokenizerFile tokenizer = TokenizerFile.open(directory)) {
                return tokenizer.encode("Alice was beginning to get very tired.", VOCABULARY);
            }
        });
    }
}
