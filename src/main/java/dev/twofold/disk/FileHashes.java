package dev.twofold.disk;

import dev.twofold.diag.Futures;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Hashes of files, computed by threads of their own while other work goes on. Closing it gives up those that are not
 * ready.
 */
public final class FileHashes implements AutoCloseable {

    private final ExecutorService pool;
    private final Map<Path, Future<FileFact>> facts = new LinkedHashMap<>();

    /** Starts on all files, as many at a time as there are cores. */
    public FileHashes(List<Path> files) {
        int threads = Math.min(Runtime.getRuntime().availableProcessors(), files.size());
        pool = Executors.newFixedThreadPool(Math.max(1, threads));
        files.forEach(file -> facts.put(file, pool.submit(() -> FileHash.of(file))));
        pool.shutdown();
    }

    /**
     * Waits for the hash of one file.
     *
     * @throws dev.twofold.diag.TwofoldException if it cannot be read
     */
    public FileFact of(Path file) {
        Future<FileFact> fact = facts.get(file);
        if (fact == null) {
            throw new IllegalArgumentException("nobody asked for " + file);
        }
        return Futures.result(fact);
    }

    /** Waits for all; by the names of the files. */
    public SortedMap<String, FileFact> byName() {
        SortedMap<String, FileFact> named = new TreeMap<>();
        facts.keySet().forEach(file -> named.put(file.getFileName().toString(), of(file)));
        return named;
    }

    @Override
    public void close() {
        pool.shutdownNow();
    }
}
