package dev.twofold.ort;

import java.util.List;
import java.util.concurrent.ForkJoinPool;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Runs windows of text beside one another, each on few threads: many of a plain graph's operators use one thread
 * whatever they are given.
 */
final class Lanes implements AutoCloseable {

    private static final int MOST = 16;

    private final int threads;
    private final ForkJoinPool pool;

    private Lanes(int lanes, int threads) {
        this.threads = threads;
        this.pool = new ForkJoinPool(lanes);
    }

    /** A GPU runs one window at a time; the cores of a CPU are shared out. */
    static Lanes on(Provider provider) {
        int cores = Runtime.getRuntime().availableProcessors();
        int lanes = provider.isCpu() ? Math.min(cores, MOST) : 1;
        return new Lanes(lanes, Math.max(1, cores / lanes));
    }

    /** Threads that each lane may use. */
    int threads() {
        return threads;
    }

    /** Threads for work that is done outside the lanes. */
    static int allThreads() {
        return Runtime.getRuntime().availableProcessors();
    }

    /** The results of {@code run} for 0 to {@code count - 1}, in this order. */
    <T> List<T> map(int count, IntFunction<T> run) {
        return pool.submit(
                        () -> IntStream.range(0, count).parallel().mapToObj(run).toList())
                .join();
    }

    @Override
    public void close() {
        pool.shutdown();
    }
}
