package dev.twofold.weight;

import dev.twofold.diag.Origin;
import dev.twofold.diag.Progress;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.SequentialFile;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.StorageFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Streams weights into one file: all cores evaluate strips of rows, which are hashed and written in file order and whose
 * buffers are used again. Memory is a fixed number of strip buffers outside the heap, whatever the model's size.
 */
public final class WeightWriter {

    private static final int STRIP_BYTES = 1 << 20;
    /** A row is a column of the source when that is transposed: this many make its reads long enough to be fast. */
    private static final int WANTED_STRIP_ROWS = 256;
    /** But a strip grows no larger than this for them, and has no fewer rows than that. */
    private static final int MAX_STRIP_BYTES = 16 << 20;

    private static final int MIN_STRIP_ROWS = 32;

    /** A weight, how its numbers are stored, and the byte offset it starts at. */
    public record Placement(String name, Weight weight, StorageFormat format, long offset) {

        public long bytes() {
            return format.bytes(weight.shape().elements());
        }

        /** The type of its numbers; only of one that is not in blocks. */
        public DType dtype() {
            if (format instanceof DType dtype) {
                return dtype;
            }
            throw new IllegalStateException(name + " is stored in blocks");
        }
    }

    /** What was written: the file's length in bytes and its SHA-256 in hexadecimal. */
    public record Written(long bytes, String sha256) {}

    private record Strip(int index, Placement placement, long row, int rows) {

        long offset() {
            return placement.offset() + bytes(row);
        }

        int bytes() {
            return Math.toIntExact(bytes(rows));
        }

        private long bytes(long count) {
            return placement.format().bytes(count * placement.weight().shape().columns());
        }
    }

    private record Evaluated(Strip strip, ByteBuffer bytes) {}

    private final WeightEvaluator evaluator;
    private final Progress progress;
    private final int threads;

    public WeightWriter(WeightEvaluator evaluator, Progress progress) {
        this(evaluator, progress, Runtime.getRuntime().availableProcessors());
    }

    WeightWriter(WeightEvaluator evaluator, Progress progress, int threads) {
        this.evaluator = evaluator;
        this.progress = progress;
        this.threads = threads;
    }

    /**
     * Writes placements, in order of their offsets, to a new file and forces it to disk. Bytes between them are zero.
     *
     * @throws TwofoldException if a number does not fit its type, or the disk does not take the file
     */
    public Written write(Path file, List<Placement> placements) {
        return write(file, new byte[0], placements);
    }

    /**
     * The same with bytes before the weights, in a format whose header says where they are.
     *
     * @param head the first bytes of the file; no placement begins before their end
     */
    public Written write(Path file, byte[] head, List<Placement> placements) {
        try (SequentialFile output = SequentialFile.create(file)) {
            return new Run(file, output, head, strips(placements)).run();
        } catch (IOException e) {
            throw unwritable(file, e);
        }
    }

    private static TwofoldException unwritable(Path file, IOException e) {
        return TwofoldException.environment("cannot write the file")
                .at(Origin.file(file))
                .found(e.getMessage() == null ? e.toString() : e.getMessage())
                .hint("free space on that disk, or write somewhere else")
                .cause(e);
    }

    private static List<Strip> strips(List<Placement> placements) {
        List<Strip> strips = new ArrayList<>();
        for (Placement placement : placements) {
            long rows = placement.weight().shape().rows();
            int height = stripRows(Math.max(1, rowBytes(placement)));
            for (long row = 0; row < rows; row += height) {
                strips.add(new Strip(strips.size(), placement, row, (int) Math.min(height, rows - row)));
            }
        }
        return strips;
    }

    /** An even number, so that strips of half bytes start with a whole one. */
    private static int stripRows(long rowBytes) {
        long wanted = Math.max(STRIP_BYTES / rowBytes, Math.min(WANTED_STRIP_ROWS, MAX_STRIP_BYTES / rowBytes));
        return (int) Math.max(MIN_STRIP_ROWS, wanted / MIN_STRIP_ROWS * MIN_STRIP_ROWS);
    }

    private static long rowBytes(Placement placement) {
        return placement.format().bytes(placement.weight().shape().columns());
    }

    /** One file being written. */
    private final class Run {
        private final Path file;
        private final SequentialFile output;
        private final byte[] head;
        private final List<Strip> strips;
        private final List<CompletableFuture<ByteBuffer>> evaluated = new ArrayList<>();
        private final AtomicInteger next = new AtomicInteger();
        private final BlockingQueue<ByteBuffer> free = new ArrayBlockingQueue<>(threads + 2);

        Run(Path file, SequentialFile output, byte[] head, List<Strip> strips) {
            this.file = file;
            this.output = output;
            this.head = head.clone();
            this.strips = strips;
        }

        Written run() throws IOException {
            int capacity = strips.stream().mapToInt(Strip::bytes).max().orElse(0);
            for (int i = 0; i < threads + 2; i++) {
                free.add(ByteBuffer.allocateDirect(capacity).order(ByteOrder.LITTLE_ENDIAN));
            }
            strips.forEach(strip -> evaluated.add(new CompletableFuture<>()));
            ExecutorService pool = Executors.newFixedThreadPool(threads);
            try {
                for (int i = 0; i < threads; i++) {
                    pool.execute(this::evaluate);
                }
                return hashAndWrite();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw TwofoldException.environment("interrupted")
                        .at(Origin.file(file))
                        .cause(e);
            } finally {
                stop(pool);
            }
        }

        /** Waits, because a worker that runs on would read files that are about to be closed. */
        private static void stop(ExecutorService pool) {
            pool.shutdownNow();
            try {
                pool.awaitTermination(1, TimeUnit.MINUTES);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        /** A worker. It takes a buffer before a strip, so a strip once taken never waits for one. */
        private void evaluate() {
            int index = 0;
            try {
                WeightEncoder encoder = new WeightEncoder(evaluator);
                while (true) {
                    ByteBuffer buffer = free.take();
                    index = next.getAndIncrement();
                    if (index >= strips.size()) {
                        return;
                    }
                    Strip strip = strips.get(index);
                    buffer.clear().limit(strip.bytes());
                    encoder.encode(strip.placement(), strip.row(), strip.rows(), buffer);
                    evaluated.get(index).complete(buffer);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (Throwable e) {
                evaluated.get(index).completeExceptionally(e);
            }
        }

        private Written hashAndWrite() throws IOException, InterruptedException {
            MessageDigest digest = sha256();
            append(digest, ByteBuffer.wrap(head));
            for (int i = 0; i < strips.size(); i++) {
                ByteBuffer bytes = await(evaluated.get(i));
                append(digest, ByteBuffer.allocate(Math.toIntExact(strips.get(i).offset() - output.length())));
                append(digest, bytes);
                progress.advance(bytes.limit());
                free.put(bytes);
            }
            output.finish();
            return new Written(output.length(), HexFormat.of().formatHex(digest.digest()));
        }

        private void append(MessageDigest digest, ByteBuffer bytes) throws IOException, InterruptedException {
            digest.update(bytes.duplicate());
            output.append(bytes);
        }

        private ByteBuffer await(CompletableFuture<ByteBuffer> strip) throws IOException, InterruptedException {
            try {
                return strip.get();
            } catch (ExecutionException e) {
                if (e.getCause() instanceof IOException failure) {
                    throw failure;
                } else if (e.getCause() instanceof RuntimeException failure) {
                    throw failure;
                } else if (e.getCause() instanceof Error failure) {
                    throw failure;
                }
                throw new IllegalStateException(e.getCause());
            }
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
