package dev.twofold.ort;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.HiddenStates;
import dev.twofold.execution.StreamArchive;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Streams in a temporary file, for one thread at a time. On Unix the file has no name any more while it is in use, so
 * that nothing is left behind however the process ends.
 */
final class SpilledStreams implements StreamArchive {

    private final Path file;
    private final FileChannel channel;
    private final Map<Integer, Kept> kept = new HashMap<>();
    private ByteBuffer scratch = ByteBuffer.allocateDirect(0);
    private long end;

    /**
     * A stream in the file.
     *
     * @param offsets of each window, in bytes, and the end of the last
     */
    private record Kept(List<Long> offsets, int hidden) {}

    private SpilledStreams(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    static SpilledStreams create() {
        Path directory = Path.of(System.getProperty("java.io.tmpdir"));
        try {
            Path file = Files.createTempFile(directory, "twofold", ".streams");
            return new SpilledStreams(
                    file,
                    FileChannel.open(
                            file,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE,
                            StandardOpenOption.DELETE_ON_CLOSE));
        } catch (IOException e) {
            throw failed(directory, e);
        }
    }

    @Override
    public void put(int number, HiddenStates states) {
        Kept place = kept.get(number);
        List<Long> offsets = offsets(place == null ? end : place.offsets().get(0), states);
        long last = offsets.get(offsets.size() - 1);
        if (place != null && !place.offsets().equals(offsets)) {
            throw new IllegalArgumentException("stream " + number + " was kept with other windows");
        }
        end = Math.max(end, last);
        kept.put(number, new Kept(offsets, states.hidden()));
        for (int window = 0; window < states.windows().size(); window++) {
            write(states.windows().get(window), offsets.get(window));
        }
    }

    private static List<Long> offsets(long start, HiddenStates states) {
        List<Long> offsets = new ArrayList<>(List.of(start));
        long next = start;
        for (float[] window : states.windows()) {
            next += (long) window.length * Float.BYTES;
            offsets.add(next);
        }
        return offsets;
    }

    private void write(float[] values, long offset) {
        ByteBuffer bytes = buffer(values.length);
        bytes.asFloatBuffer().put(values);
        try {
            long position = offset;
            while (bytes.hasRemaining()) {
                position += channel.write(bytes, position);
            }
        } catch (IOException e) {
            throw failed(file, e);
        }
    }

    @Override
    public HiddenStates get(int number) {
        Kept place = place(number);
        List<float[]> windows = IntStream.range(0, place.offsets().size() - 1)
                .mapToObj(window -> window(number, window))
                .toList();
        return new HiddenStates(windows, place.hidden());
    }

    @Override
    public float[] window(int number, int window) {
        List<Long> offsets = place(number).offsets();
        long position = offsets.get(window);
        float[] values = new float[(int) ((offsets.get(window + 1) - position) / Float.BYTES)];
        ByteBuffer bytes = buffer(values.length);
        try {
            while (bytes.hasRemaining()) {
                int count = channel.read(bytes, position);
                if (count < 0) {
                    throw new IOException("the file ends at " + position);
                }
                position += count;
            }
        } catch (IOException e) {
            throw failed(file, e);
        }
        bytes.flip().asFloatBuffer().get(values);
        return values;
    }

    private Kept place(int number) {
        Kept place = kept.get(number);
        if (place == null) {
            throw new IllegalArgumentException("no stream " + number);
        }
        return place;
    }

    private ByteBuffer buffer(int floats) {
        int bytes = Math.multiplyExact(floats, Float.BYTES);
        if (scratch.capacity() < bytes) {
            scratch = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        }
        return scratch.clear().limit(bytes);
    }

    private static TwofoldException failed(Path path, IOException e) {
        return TwofoldException.environment("cannot keep intermediate results on the disk")
                .at(Origin.file(path))
                .found(e)
                .hint("free some space there, or choose another directory with"
                        + " TWOFOLD_JAVA_OPTS=-Djava.io.tmpdir=DIR")
                .cause(e);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw failed(file, e);
        }
    }
}
