package dev.twofold.stepwise;

import org.jspecify.annotations.Nullable;

/** Numbers that a stranger wrote. */
final class Bounds {

    /** Of a table that has a row for each. */
    static final int MAX_POSITIONS = 1 << 24;

    private Bounds() {}

    /** @throws IllegalArgumentException that names the key, if there is no value */
    static void requirePresent(String key, @Nullable Object value) {
        if (value == null) {
            throw new IllegalArgumentException("the key " + key + " is missing");
        }
    }

    /** @throws IllegalArgumentException that names the key, if a number is out of its bounds */
    static void require(String key, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(key + " should be " + least + " to " + most + ", not " + value);
        }
    }
}
