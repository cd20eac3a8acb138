package dev.twofold.inspection;

import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.TextFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What to measure and to fit on.
 *
 * @param files of the user's; none for the texts that come with Twofold
 * @param tokens of it to measure; empty for what the recipe says, or the default
 */
public record Texts(List<Path> files, Optional<Integer> tokens) {

    /** Those that come with Twofold, and as many tokens as usual. */
    public static final Texts SHIPPED = new Texts(List.of(), Optional.empty());

    /** A tokenizer takes some hundred times as much memory while it encodes it. */
    private static final long MAX_BYTES = 24L << 20;

    private static final String DIRECTORY = "/dev/twofold/text/";

    public Texts {
        files = List.copyOf(files);
        if (tokens.filter(count -> count < 1).isPresent()) {
            throw TwofoldException.usage("--tokens should be 1 or more");
        }
    }

    /** A text and what to call it. */
    public record Named(String name, String words) {

        /** What several texts together are called. */
        public static String together(List<Named> texts) {
            return texts.stream().map(Named::name).collect(Collectors.joining(", "));
        }
    }

    /** The held-out book that comes with Twofold. */
    public static Named evaluation() {
        return new Named("Alice's Adventures in Wonderland", TextFile.shipped(DIRECTORY + "alice.txt"));
    }

    /**
     * The texts to calibrate on that come with Twofold: of many kinds, since what is fitted to one kind fails on others, and
     * none of them the book of {@link #evaluation}.
     */
    public static List<Named> calibration() {
        return Stream.of("prose", "reference", "speeches", "dialogue", "languages", "code")
                .map(kind -> new Named(kind, TextFile.shipped(DIRECTORY + kind + ".txt")))
                .toList();
    }

    /** @throws TwofoldException of kind INPUT if the file is missing, too large, or not UTF-8 */
    public static Named read(Path file) {
        return new Named(file.toString(), TextFile.read(file, MAX_BYTES));
    }

    /** The user's texts, or those to calibrate on. */
    public List<Named> calibrating() {
        return files.isEmpty() ? calibration() : files.stream().map(Texts::read).toList();
    }
}
