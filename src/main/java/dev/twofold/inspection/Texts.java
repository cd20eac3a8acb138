package dev.twofold.inspection;

import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.TextFile;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What to measure and to fit on.
 *
 * @param file of the user's; empty for the texts that come with Twofold
 * @param tokens of it to measure; empty for what the recipe says, or the default
 */
public record Texts(Optional<Path> file, Optional<Integer> tokens) {

    /** Those that come with Twofold, and as many tokens as usual. */
    public static final Texts SHIPPED = new Texts(Optional.empty(), Optional.empty());

    /** A tokenizer takes some hundred times as much memory while it encodes it. */
    private static final long MAX_BYTES = 24L << 20;

    private static final String DIRECTORY = "/dev/twofold/text/";

    public Texts {
        if (tokens.filter(count -> count < 1).isPresent()) {
            throw TwofoldException.usage("--tokens should be 1 or more");
        }
    }

    /** A text and what to call it. */
    public record Named(String name, String words) {}

    /** The held-out book that comes with Twofold. */
    public static Named evaluation() {
        return new Named("Alice's Adventures in Wonderland", TextFile.shipped(DIRECTORY + "alice.txt"));
    }

    /** The text to calibrate on that comes with Twofold: another book than that of {@link #evaluation}. */
    public static Named calibration() {
        return new Named("Middlemarch", TextFile.shipped(DIRECTORY + "calibration.txt"));
    }

    /** @throws TwofoldException of kind INPUT if the file is missing, too large, or not UTF-8 */
    public static Named read(Path file) {
        return new Named(file.toString(), TextFile.read(file, MAX_BYTES));
    }

    /** The user's text, or the one to calibrate on. */
    public Named calibrating() {
        return file.map(Texts::read).orElseGet(Texts::calibration);
    }
}
