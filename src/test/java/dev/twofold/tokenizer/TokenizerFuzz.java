package dev.twofold.tokenizer;

import dev.twofold.fuzz.FuzzedDirectory;
import dev.twofold.fuzz.Promise;
import java.nio.file.Path;

/** Any bytes as a tokenizer.json, up to where it is handed to the process of the library. */
public final class TokenizerFuzz {

    private static final int VOCABULARY = 1000;
    private static final FuzzedDirectory DIRECTORY = FuzzedDirectory.with("tokenizer.json", directory -> {});

    private TokenizerFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        Path directory = DIRECTORY.holding(data);
        Promise.readOrRefuse(() -> {
            TokenizerCheck.check(directory.resolve("tokenizer.json"), VOCABULARY);
            return directory;
        });
    }
}
