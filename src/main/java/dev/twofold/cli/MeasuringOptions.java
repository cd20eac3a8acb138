package dev.twofold.cli;

import dev.twofold.inspection.MeasurementCache;
import dev.twofold.inspection.Texts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What layers are measured on, and where the measurements are kept. */
final class MeasuringOptions {

    private static final String NO_CACHE = "none";

    @Option(
            names = "--text",
            paramLabel = "FILE",
            description =
                    "A text in UTF-8 to measure layers on, and to refit on; line ends of Windows and a byte order mark do not"
                            + " count. Give it several times to use an equal share of each. What comes after the measured"
                            + " tokens is used to check the choice (default: texts of six kinds to measure on and a book to"
                            + " check, which come with Twofold).")
    private List<Path> texts = List.of();

    @Option(
            names = "--tokens",
            paramLabel = "N",
            description = "How many tokens of the text to measure (default: 4096).")
    private @Nullable Integer tokens;

    @Option(
            names = "--cache",
            paramLabel = "DIR",
            description = "Where to keep measurements for the next run, or 'none' (default: ~/.cache/twofold).")
    private @Nullable String cache;

    Texts texts() {
        return new Texts(texts, Optional.ofNullable(tokens));
    }

    /** @param beside directories to look in before the user's own */
    MeasurementCache cache(List<Path> beside, Console console) {
        List<Path> directories = new ArrayList<>(beside);
        if (cache == null) {
            Optional<Path> own = UserCache.directory(
                    System.getenv("XDG_CACHE_HOME"), System.getProperty("user.home"), System.getenv("HOME"));
            own.ifPresentOrElse(
                    directories::add,
                    () -> console.notice(
                            "note: without a home directory measurements are not kept; --cache DIR keeps" + " them"));
        } else if (!cache.equals(NO_CACHE)) {
            directories.add(Path.of(cache));
        }
        return new MeasurementCache(directories, console::notice);
    }
}
