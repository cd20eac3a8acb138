package dev.twofold.gguf;

import java.util.Arrays;
import java.util.Optional;

/** Types of metadata by the format's numbers, which are their ordinals. */
enum ValueType {
    UINT8(1),
    INT8(1),
    UINT16(2),
    INT16(2),
    UINT32(4),
    INT32(4),
    FLOAT32(4),
    BOOL(1),
    /** A length of 8 bytes, and so many. */
    STRING(8),
    /** A type, a number of 8 bytes, and so many values. */
    ARRAY(12),
    UINT64(8),
    INT64(8),
    FLOAT64(8);

    private final int leastBytes;

    ValueType(int leastBytes) {
        this.leastBytes = leastBytes;
    }

    static Optional<ValueType> numbered(int number) {
        return Arrays.stream(values()).filter(type -> type.ordinal() == number).findFirst();
    }

    /** Bytes that a value takes at least. */
    int leastBytes() {
        return leastBytes;
    }
}
