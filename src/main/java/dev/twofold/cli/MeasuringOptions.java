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
            description = "Text to measure layers on, in UTF-8 (line ends of Windows and a byte order mark do not"
                    + " count); what follows the tokens that are used checks the choice"
                    + " (default: one book that comes with Twofold, and another for the check).")
    private @Nullable Path text;

    @Option(names = "--tokens", paramLabel = "N", description = "Tokens of it to measure (default: 4096).")
    private @Nullable Integer tokens;

    @Option(
            names = "--cache",
            paramLabel = "DIR",
            description = "Where measurements are kept for the next time, or 'none' (default: ~/.cache/twofold).")
    private @Nullable String cache;

    Texts texts() {
        return new Texts(Optional.ofNullable(text), Optional.ofNullable(tokens));
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
