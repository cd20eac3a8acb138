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

    /** Of a core's second cache, of which most have 1 or 2 MiB, and what is beside it. */
    private static final long CACHED = 4 << 20;

    private final boolean cpu;
    private final int lanes;
    private final ForkJoinPool pool;

    private Lanes(boolean cpu, int lanes) {
        this.cpu = cpu;
        this.lanes = lanes;
        this.pool = new ForkJoinPool(lanes);
    }

    /** A GPU runs one window at a time; the cores of a CPU are shared out. */
    static Lanes on(Provider provider) {
        return new Lanes(provider.isCpu(), provider.isCpu() ? Math.min(allThreads(), MOST) : 1);
    }

    /** Threads that each lane may use while it runs its share of some windows. */
    int threads(int windows) {
        return Math.max(1, allThreads() / Math.min(lanes, windows));
    }

    /** Bytes of a result that are read again at once without going through memory; a GPU would rather have large results. */
    long cachedBytes() {
        return cpu ? CACHED : ChunkedHead.CHUNK_BYTES;
    }

    /** Threads for work that is done outside the lanes. */
    static int allThreads() {
        return Runtime.getRuntime().availableProcessors();
    }

    /** Items in a few batches of at most so many, all lanes as busy as with single ones. */
    <T> List<List<T>> batches(List<T> items, int most) {
        int size = Math.min(most, (items.size() + lanes - 1) / lanes);
        return IntStream.iterate(0, from -> from < items.size(), from -> from + size)
                .mapToObj(from -> items.subList(from, Math.min(items.size(), from + size)))
                .toList();
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
