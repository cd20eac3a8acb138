package dev.twofold.cli;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.TwofoldException;
import dev.twofold.measure.TextWindows;
import dev.twofold.pipeline.MeasurementCache;
import dev.twofold.source.huggingface.Checkpoint;
import dev.twofold.tokenizer.TokenizerFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What layers are measured on, and where the measurements are kept. */
final class MeasuringOptions {

    private static final int DEFAULT_TOKENS = 4096;
    private static final String NO_CACHE = "none";

    @Option(
            names = "--text",
            paramLabel = "FILE",
            description = "Text to measure layers on; what follows the tokens that are used checks the choice"
                    + " (default: one book that comes with Twofold, and another for the check).")
    private @Nullable Path text;

    @Option(names = "--tokens", paramLabel = "N", description = "Tokens of it to measure (default: 4096).")
    private @Nullable Integer tokens;

    @Option(
            names = "--cache",
            paramLabel = "DIR",
            description = "Where measurements are kept for the next time, or 'none' (default: ~/.cache/twofold).")
    private @Nullable String cache;

    /** The text that the user named. */
    @Nullable
    Path text() {
        return text;
    }

    /** A text to measure on, and what to call it. */
    record Passage(String name, TextWindows windows) {}

    /**
     * @param heldOut a second text, which nothing is chosen by
     */
    record Passages(Passage calibration, Optional<Passage> heldOut) {}

    /**
     * @param planned tokens that a pipeline asks for, if the command line does not say
     * @param taken tokens at the start of the user's text that something else is fitted to, and nothing is checked on
     */
    Passages passages(Checkpoint checkpoint, @Nullable Integer planned, int taken, Console console) {
        Integer wanted = tokens == null ? planned : tokens;
        int count = wanted == null ? DEFAULT_TOKENS : wanted;
        if (count < 1) {
            throw TwofoldException.usage("--tokens should be 1 or more");
        }
        Decoder decoder = checkpoint.decoder();
        int vocabulary = decoder.facts().vocabularySize();
        try (TokenizerFile tokenizer = TokenizerFile.open(checkpoint.directory())) {
            if (text == null) {
                int[] ids = tokenizer.encode(Text.calibration(), vocabulary);
                int[] others = tokenizer.encode(Text.evaluation(null), vocabulary);
                return new Passages(
                        new Passage(Text.CALIBRATION, Windows.cut(Text.CALIBRATION, ids, decoder, count, console)),
                        Optional.of(new Passage(
                                Text.EVALUATION, Windows.cut(Text.EVALUATION, others, decoder, count, console))));
            }
            int[] ids = tokenizer.encode(Text.read(text), vocabulary);
            TextWindows first = Windows.cut(text.toString(), ids, decoder, count, console);
            int[] rest = Arrays.copyOfRange(ids, Math.min(ids.length, Math.max(taken, first.tokens())), ids.length);
            if (rest.length <= Windows.FEW_TOKENS) {
                console.notice("note: too little of the text is left to check the choice on");
                return new Passages(new Passage(text.toString(), first), Optional.empty());
            }
            String name = "what follows in " + text;
            TextWindows second = Windows.cut(name, rest, decoder, Math.min(count, rest.length - 1), console);
            return new Passages(new Passage(text.toString(), first), Optional.of(new Passage(name, second)));
        }
    }

    /** @param beside directories to look in before the user's own */
    MeasurementCache cache(List<Path> beside, Console console) {
        List<Path> directories = new ArrayList<>(beside);
        if (cache == null) {
            directories.add(userCache());
        } else if (!cache.equals(NO_CACHE)) {
            directories.add(Path.of(cache));
        }
        return new MeasurementCache(directories, console::notice);
    }

    private static Path userCache() {
        String base = System.getenv("XDG_CACHE_HOME");
        return base == null || base.isEmpty()
                ? Path.of(System.getProperty("user.home"), ".cache", "twofold")
                : Path.of(base, "twofold");
    }
}
