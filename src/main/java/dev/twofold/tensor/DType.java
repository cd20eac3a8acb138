package dev.twofold.tensor;

import java.util.Optional;

/**
 * Element types of the safetensors format, by the format's own spelling, and two more that Twofold writes.
 *
 * <p>Only {@link #F64}, {@link #F32}, {@link #F16} and {@link #BF16} can be read as weights; some of the others
 * are the codes of quantized ones; all are known so that a header
 * which mentions them can be checked and the tensor refused by name when a model needs it.
 */
public enum DType implements StorageFormat {
    BOOL(8),
    F4(4),
    F6_E2M3(6),
    F6_E3M2(6),
    U8(8),
    I8(8),
    F8_E5M2(8),
    F8_E4M3(8),
    F8_E8M0(8),
    F8_E4M3FNUZ(8),
    F8_E5M2FNUZ(8),
    I16(16),
    U16(16),
    F16(16),
    BF16(16),
    I32(32),
    U32(32),
    F32(32),
    C64(64),
    F64(64),
    I64(64),
    U64(64),
    /** Two numbers from 0 to 15 a byte, the first in its low half. Twofold writes it; it is not of the safetensors format. */
    U4(4),
    /** The same for numbers from -8 to 7, in two's complement. */
    I4(4);

    private final int bits;

    DType(int bits) {
        this.bits = bits;
    }

    /** Size of one element in bits; below 8 for the packed formats. */
    public int bits() {
        return bits;
    }

    /** Size of one element in bytes; only for types of whole bytes. */
    public int bytes() {
        if (bits % 8 != 0) {
            throw new IllegalStateException(this + " has no whole number of bytes an element");
        }
        return bits / 8;
    }

    @Override
    public long bytes(long elements) {
        return bits % 8 == 0
                ? Math.multiplyExact(elements, (long) bytes())
                : Math.addExact(Math.multiplyExact(elements, (long) bits), 7) / 8;
    }

    /** Whether Twofold can evaluate weights of this type. */
    public boolean isWeight() {
        return this == F64 || this == F32 || this == F16 || this == BF16;
    }

    /** The type with this exact name, if the format has one. */
    public static Optional<DType> named(String name) {
        for (DType type : values()) {
            if (type.name().equals(name) && type != U4 && type != I4) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}
