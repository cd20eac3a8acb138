import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Draws the weights and writes them into the files, on all cores. Each core needs one small buffer. */
final class RandomWeights {

    /** A run of bytes of one tensor: the unit of work, small enough to be a buffer. */
    private record Chunk(FileChannel file, long position, int length, Tensor tensor, int index) {}

    private static final int CHUNK_BYTES = 1 << 20;
    private static final int TABLE_BITS = 16;

    private final DType dtype;
    private final long seed;
    private final int[] weightBits;
    private final int[] normBits;
    private final List<Chunk> chunks = new ArrayList<>();

    RandomWeights(DType dtype, long seed) {
        this.dtype = dtype;
        this.seed = seed;
        this.weightBits = normalTable(0);
        this.normBits = normalTable(1);
    }

    /** Plans what {@link #write} does: these tensors, one after the other, from {@code dataStart} on. */
    void add(List<Tensor> tensors, FileChannel file, long dataStart) {
        long position = dataStart;
        for (Tensor tensor : tensors) {
            long left = tensor.elements() * dtype.width;
            for (int index = 0; left > 0; index++) {
                int length = (int) Math.min(left, CHUNK_BYTES);
                chunks.add(new Chunk(file, position, length, tensor, index));
                position += length;
                left -= length;
            }
        }
    }

    /** Generates and writes the chunks on all cores, each core taking the next chunk that no other has taken. */
    void write() throws IOException {
        AtomicInteger next = new AtomicInteger();
        int workers = Runtime.getRuntime().availableProcessors();
        ExecutorService pool = Executors.newFixedThreadPool(workers);
        try {
            List<Future<Void>> results = new ArrayList<>();
            for (int worker = 0; worker < workers; worker++) {
                results.add(pool.submit(() -> {
                    ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
                    for (int i = next.getAndIncrement(); i < chunks.size(); i = next.getAndIncrement()) {
                        Chunk chunk = chunks.get(i);
                        generate(chunk, buffer);
                        writeFully(chunk.file, buffer, chunk.position);
                    }
                    return null;
                }));
            }
            for (Future<Void> result : results) {
                result.get();
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        } finally {
            pool.shutdownNow();
        }
    }

    /** Every 64 random bits choose four values from a table: nextGaussian for each would be slower than the disk. */
    private void generate(Chunk chunk, ByteBuffer buffer) {
        int[] table = chunk.tensor.isNorm() ? normBits : weightBits;
        SplittableRandom random =
                new SplittableRandom(seed ^ ((long) chunk.tensor.name().hashCode() << 32 | chunk.index));
        buffer.clear();
        if (dtype.width == 2) {
            while (buffer.hasRemaining()) {
                long r = random.nextLong();
                buffer.putLong(pick(table, r) | pick(table, r >>> 16) << 16
                        | pick(table, r >>> 32) << 32 | pick(table, r >>> 48) << 48);
            }
        } else {
            while (buffer.hasRemaining()) {
                long r = random.nextLong();
                buffer.putLong(pick(table, r) | pick(table, r >>> 16) << 32);
                buffer.putLong(pick(table, r >>> 32) | pick(table, r >>> 48) << 32);
            }
        }
        buffer.flip().limit(chunk.length);
    }

    private static long pick(int[] table, long index) {
        return table[(int) index & (1 << TABLE_BITS) - 1] & 0xffffffffL;
    }

    private int[] normalTable(double mean) {
        Random random = new Random(seed);
        int[] table = new int[1 << TABLE_BITS];
        for (int i = 0; i < table.length; i++) {
            table[i] = dtype.encode((float) (mean + Shape.WEIGHT_STD * random.nextGaussian()));
        }
        return table;
    }

    static void writeFully(FileChannel file, ByteBuffer buffer, long position) throws IOException {
        long at = position;
        while (buffer.hasRemaining()) {
            at += file.write(buffer, at);
        }
    }
}
