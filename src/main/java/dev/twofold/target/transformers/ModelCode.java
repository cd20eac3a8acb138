package dev.twofold.target.transformers;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** The modelling code that a checkpoint of Twofold's own architecture brings: one file, the same for all. */
final class ModelCode {

    static final String MODULE = "modeling_twofold";

    private static final String FILE = MODULE + ".py";

    private ModelCode() {}

    static void write(Path directory) throws IOException {
        try (InputStream code = Objects.requireNonNull(ModelCode.class.getResourceAsStream(FILE))) {
            Files.copy(code, directory.resolve(FILE));
        }
    }
}
