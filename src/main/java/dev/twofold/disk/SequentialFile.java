package dev.twofold.disk;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A new file that is written from start to end, in large blocks, by a thread of its own.
 *
 * <p>Where the file system can, blocks go to the disk without passing through the page cache: a conversion writes more
 * than the machine has use for, and each page it would take from the cache costs more time than the conversion.
 */
public final class SequentialFile implements AutoCloseable {

    private static final int BLOCK = 4 << 20;
    private static final int BLOCKS = 4;
    /** What direct writes are aligned to; file systems with a larger block size are written through the cache. */
    private static final int ALIGNMENT = 4096;

    private final FileChannel channel;
    private final BlockingQueue<ByteBuffer> free = new ArrayBlockingQueue<>(BLOCKS);
    private final ExecutorService writer = Executors.newSingleThreadExecutor();
    private Future<?> last;
    private ByteBuffer block;
    private long length;

    private SequentialFile(FileChannel channel) {
        this.channel = channel;
        for (int i = 0; i < BLOCKS; i++) {
            free.add(ByteBuffer.allocateDirect(BLOCK + ALIGNMENT)
                    .alignedSlice(ALIGNMENT)
                    .limit(BLOCK));
        }
        this.block = free.remove();
        this.last = writer.submit(() -> {});
    }

    public static SequentialFile create(Path path) throws IOException {
        return new SequentialFile(open(path));
    }

    private static FileChannel open(Path path) throws IOException {
        FileChannel buffered = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        OpenOption[] direct = {StandardOpenOption.WRITE, ExtendedOpenOption.DIRECT};
        try {
            if (ALIGNMENT % Files.getFileStore(path).getBlockSize() == 0) {
                FileChannel unbuffered = FileChannel.open(path, direct);
                buffered.close();
                return unbuffered;
            }
        } catch (IOException | UnsupportedOperationException e) {
            // This file system, such as one in memory, has no direct writes.
        }
        return buffered;
    }

    /** Bytes appended so far. */
    public long length() {
        return length;
    }

    public void append(ByteBuffer bytes) throws IOException, InterruptedException {
        length += bytes.remaining();
        while (bytes.hasRemaining()) {
            int count = Math.min(bytes.remaining(), block.remaining());
            block.put(bytes.slice().limit(count));
            bytes.position(bytes.position() + count);
            if (!block.hasRemaining()) {
                write(block);
                block = free.take().clear().limit(BLOCK);
            }
        }
    }

    private void write(ByteBuffer full) throws IOException, InterruptedException {
        rethrow(last);
        last = writer.submit(() -> {
            try {
                full.flip();
                while (full.hasRemaining()) {
                    channel.write(full);
                }
            } finally {
                free.put(full);
            }
            return null;
        });
    }

    /** Waits for a write, and reports what went wrong in it. */
    private static void rethrow(Future<?> done) throws IOException, InterruptedException {
        try {
            done.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            } else if (e.getCause() instanceof Error failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Writes what is left and forces the file to disk. */
    public void finish() throws IOException, InterruptedException {
        while (block.position() % ALIGNMENT != 0) {
            block.put((byte) 0);
        }
        write(block);
        rethrow(last);
        channel.truncate(length);
        channel.force(true);
    }

    @Override
    public void close() throws IOException {
        writer.shutdownNow();
        channel.close();
    }
}
