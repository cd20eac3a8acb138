package dev.twofold.disk;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * Reads files through windows of mapped memory, so that no byte of a checkpoint lands on the heap but the few being
 * converted. Safe for use by many threads.
 */
public final class MappedFiles implements AutoCloseable {

    /** Java maps at most 2 GiB at a time; a power of two makes the window of an offset a shift. */
    private static final int WINDOW_BITS = 30;

    private final Map<Path, MappedFile> files = new ConcurrentHashMap<>();
    private final LongAdder bytesRead = new LongAdder();

    /**
     * Copies {@code count} rows of {@code length} bytes, {@code stride} bytes apart in a file from {@code offset} on, one
     * after the other to the start of {@code target}.
     *
     * @throws TwofoldException if the file is gone, unreadable or shorter than that
     */
    public void read(Path file, long offset, long stride, int count, byte[] target, int length) {
        MappedFile mapped = files.computeIfAbsent(file, MappedFile::open);
        for (int i = 0; i < count; i++) {
            mapped.read(offset + i * stride, target, i * length, length);
        }
        bytesRead.add((long) count * length);
    }

    /** Bytes copied out so far. */
    public long bytesRead() {
        return bytesRead.sum();
    }

    /**
     * Checks that no file changed since it was first read.
     *
     * @throws TwofoldException if one did: what was read before and after would not belong together
     */
    public void requireUnchanged() {
        files.values().forEach(MappedFile::requireUnchanged);
    }

    @Override
    public void close() {
        files.values().forEach(MappedFile::close);
        files.clear();
    }

    private record MappedFile(
            Path path,
            FileChannel channel,
            long size,
            FileTime modified,
            AtomicReferenceArray<MappedByteBuffer> windows) {

        static MappedFile open(Path path) {
            try {
                FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
                long size = channel.size();
                int windows = Math.toIntExact((size >> WINDOW_BITS) + 1);
                return new MappedFile(
                        path, channel, size, Files.getLastModifiedTime(path), new AtomicReferenceArray<>(windows));
            } catch (IOException e) {
                throw unreadable(path, e);
            }
        }

        void read(long offset, byte[] target, int start, int length) {
            int done = 0;
            while (done < length) {
                long at = offset + done;
                int within = (int) (at & (1L << WINDOW_BITS) - 1);
                int count = Math.min(length - done, (1 << WINDOW_BITS) - within);
                copy(window((int) (at >> WINDOW_BITS)), within, target, start + done, count);
                done += count;
            }
        }

        private void copy(MappedByteBuffer window, int within, byte[] target, int at, int count) {
            try {
                window.get(within, target, at, count);
            } catch (IndexOutOfBoundsException | InternalError e) {
                // A mapped page that is gone (the file was truncated, its disk failed) surfaces as an InternalError.
                requireUnchanged();
                throw TwofoldException.environment("the file cannot be read")
                        .at(Origin.file(path))
                        .found("an error of the disk or the network it is on")
                        .hint("look in the system's log, or copy the checkpoint to another disk")
                        .cause(e);
            }
        }

        private MappedByteBuffer window(int index) {
            MappedByteBuffer window = windows.get(index);
            if (window == null) {
                long start = (long) index << WINDOW_BITS;
                try {
                    window = channel.map(
                            FileChannel.MapMode.READ_ONLY, start, Math.min(size - start, 1L << WINDOW_BITS));
                } catch (IOException e) {
                    throw unreadable(path, e);
                }
                windows.set(index, window);
            }
            return window;
        }

        void requireUnchanged() {
            try {
                if (Files.size(path) != size || !Files.getLastModifiedTime(path).equals(modified)) {
                    throw changed();
                }
            } catch (IOException e) {
                throw changed().cause(e);
            }
        }

        private TwofoldException changed() {
            return TwofoldException.environment("the file changed while it was being read")
                    .at(Origin.file(path))
                    .expected(size + " bytes, last modified " + modified)
                    .hint("run the command again when nothing else writes to the checkpoint");
        }

        private static TwofoldException unreadable(Path path, IOException e) {
            return TwofoldException.environment("cannot read the file")
                    .at(Origin.file(path))
                    .found(e)
                    .cause(e);
        }

        void close() {
            try {
                channel.close();
            } catch (IOException e) {
                throw unreadable(path, e);
            }
        }
    }
}
