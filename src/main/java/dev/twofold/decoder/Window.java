package dev.twofold.decoder;

import dev.twofold.diag.PlainName;

/**
 * Which of the tokens up to its own a query sees, by positions.
 *
 * @param size in tokens
 */
public record Window(Kind kind, int size) {

    /** Where a window begins. */
    public enum Kind {
        /** As many tokens back as it is long, the query's own included (Beltagy et al., 2020). */
        SLIDING,
        /** At the last multiple of its size: whole chunks of a text see nothing of one another (as in Llama 4). */
        CHUNK;

        @Override
        public String toString() {
            return PlainName.of(this);
        }
    }

    public static Window sliding(int size) {
        return new Window(Kind.SLIDING, size);
    }

    public static Window chunk(int size) {
        return new Window(Kind.CHUNK, size);
    }
}
