package dev.twofold.diag;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** Waits for work of other threads. */
public final class Futures {

    private Futures() {}

    /**
     * What a piece of work came to. Its failure is thrown as it is.
     *
     * @throws IllegalStateException if the wait is interrupted, or the work failed with a checked exception
     */
    public static <T> T result(Future<T> work) {
        try {
            return work.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            } else if (e.getCause() instanceof Error failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        }
    }
}
