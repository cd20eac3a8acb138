package dev.twofold.cli;

import dev.twofold.diag.TwofoldException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where an output goes: a directory, and what the file in it is called if its name is given too.
 *
 * @param file such as {@code model.gguf}
 */
record OutputName(Path directory, Optional<String> file) {

    private static final String EXTENSION = ".gguf";

    /** Takes {@code dir/model.gguf} apart; any other path is the directory. */
    static OutputName of(Path output) {
        String name = String.valueOf(output.getFileName());
        if (!name.endsWith(EXTENSION)) {
            return new OutputName(output, Optional.empty());
        }
        Path directory = output.getParent();
        if (directory == null || name.equals(EXTENSION)) {
            String plain = name.equals(EXTENSION) ? "model" : name.substring(0, name.length() - EXTENSION.length());
            throw TwofoldException.usage("an output is a directory, with the file and its manifest in it")
                    .found("-o " + output)
                    .hint("-o " + plain + "/" + plain + EXTENSION);
        }
        return new OutputName(directory, Optional.of(name));
    }
}
