package dev.twofold.testing;

import java.nio.file.Path;

/** The trained test model in the repository. */
public final class Novels {

    public static final Path CHECKPOINT = Path.of("testmodels", "novels-13m");

    private Novels() {}
}
