package dev.twofold.execution;

/** Keeps streams outside the heap, by number. */
public interface StreamArchive extends AutoCloseable {

    /** Keeps a stream under a number, in place of what was there. */
    void put(int number, HiddenStates states);

    /** @throws IllegalArgumentException if nothing was kept under this number */
    HiddenStates get(int number);

    /** One window of a stream, {@code [tokens, hidden]} row-major. */
    float[] window(int number, int window);

    @Override
    void close();
}
