package dev.twofold.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Where a user's files that can be made again are kept: {@code twofold} in the directory that the system has for them. */
final class UserCache {

    private UserCache() {}

    /**
     * @param base XDG_CACHE_HOME; null if it is not set
     * @param homes directories that may be the user's home, in order. Java calls that of a user whom the system does not know
     *     {@code ?}, and containers often have such users.
     * @return empty for a user without a home
     */
    static Optional<Path> directory(@Nullable String base, @Nullable String... homes) {
        return Stream.concat(
                        absolute(base).stream(),
                        Stream.of(homes)
                                .flatMap(home -> absolute(home).stream())
                                .map(home -> home.resolve(".cache")))
                .map(directory -> directory.resolve("twofold"))
                .findFirst();
    }

    private static Optional<Path> absolute(@Nullable String path) {
        try {
            return Optional.ofNullable(path).map(Path::of).filter(Path::isAbsolute);
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }
}
