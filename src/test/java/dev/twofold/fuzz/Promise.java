package dev.twofold.fuzz;

import dev.twofold.diag.TwofoldException;
import dev.twofold.diag.TwofoldException.Kind;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What every reader promises of a stranger's bytes: it reads them, or refuses them as bad input in a short message of
 * printable lines. Anything else, from any exception but that to an exhausted heap, is a finding.
 */
public final class Promise {

    /** Long enough for two paths and a few details; a message never quotes a whole file. */
    private static final int MAX_MESSAGE = 10_000;

    private Promise() {}

    /** What was read, or nothing if it was refused as it should be. */
    public static <T> Optional<T> readOrRefuse(Supplier<T> reader) {
        try {
            return Optional.of(reader.get());
        } catch (TwofoldException e) {
            require(e.kind() == Kind.INPUT, "blames " + e.kind() + ": " + e.getMessage());
            require(
                    e.getMessage().length() <= MAX_MESSAGE,
                    "a message of " + e.getMessage().length() + " characters");
            require(
                    e.getMessage().chars().allMatch(c -> c == '\n' || !Character.isISOControl(c)),
                    "a message that steers the terminal");
            return Optional.empty();
        }
    }

    /** A property of what was read. */
    public static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalStateException(otherwise);
        }
    }
}
