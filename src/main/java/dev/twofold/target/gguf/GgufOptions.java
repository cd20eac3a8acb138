package dev.twofold.target.gguf;

import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How a GGUF file is written.
 *
 * @param type of the matrices
 * @param file its name
 */
public record GgufOptions(MatrixType type, String file) {

    public static final String DTYPE = "dtype";
    public static final String FILE = "file";

    /** What a file is called if nothing is said. */
    public static final String MODEL = "model.gguf";

    /** As the manifest keeps them. */
    SortedMap<String, String> named() {
        SortedMap<String, String> named = new TreeMap<>();
        named.put(DTYPE, type.toString());
        named.put(FILE, file);
        return named;
    }
}
