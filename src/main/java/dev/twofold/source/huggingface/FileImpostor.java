package dev.twofold.source.huggingface;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Files of other kinds that are found under a {@code .safetensors} name, known by how they start. */
enum FileImpostor {
    GIT_LFS(
            "a Git-LFS pointer, not the file itself",
            "run 'git lfs pull' in the checkpoint, or download it with huggingface-cli",
            "version https://git-lfs"),
    ZIP(
            "a zip archive (a PyTorch checkpoint?), not safetensors",
            "convert it to safetensors with the tools of its framework first",
            "PK\u0003\u0004"),
    HTML(
            "an HTML page, not safetensors",
            "log in or check the address, and download it again: the answer was a web page",
            "<!doctype",
            "<html");

    private static final String PICKLE_HINT =
            "convert it to safetensors with the tools of its framework first: a pickle can run code";

    private final String what;
    private final String hint;
    private final String[] starts;

    FileImpostor(String what, String hint, String... starts) {
        this.what = what;
        this.hint = hint;
        this.starts = starts;
    }

    /** What a file is instead, and what to do about it. */
    record Found(String what, String hint) {}

    static Optional<Found> of(byte[] start) {
        String text = new String(start, StandardCharsets.ISO_8859_1);
        String lower = text.strip().toLowerCase(Locale.ROOT);
        if (start.length >= 2 && start[0] == (byte) 0x80 && start[1] >= 2 && start[1] <= 5) {
            // These two bytes may also be the low ones of a header length, in front of a header.
            boolean header = start.length > 8 && start[8] == '{';
            return header ? Optional.empty() : Optional.of(new Found("a Python pickle, not safetensors", PICKLE_HINT));
        }
        return Arrays.stream(values())
                .filter(kind -> Arrays.stream(kind.starts).anyMatch(s -> text.startsWith(s) || lower.startsWith(s)))
                .findFirst()
                .map(kind -> new Found(kind.what, kind.hint));
    }
}
