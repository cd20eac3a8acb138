package dev.twofold.tensor;

/** How numbers are stored: one by one in a {@link DType}, or in blocks of several. */
public interface StorageFormat {

    /** Bytes of so many numbers that lie one after the other. */
    long bytes(long elements);
}
