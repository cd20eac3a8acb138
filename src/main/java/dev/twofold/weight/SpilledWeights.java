package dev.twofold.weight;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.SpillDirectory;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight.Stored;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Weights that a pass computed, in files of a temporary directory, so that they do not fill the heap. They are gone when
 * this is closed, or the process is told to stop; what a process that is killed leaves, the next one removes.
 */
public final class SpilledWeights implements AutoCloseable {

    private static final String PREFIX = "twofold-weights-";

    private final Thread onExit = new Thread(this::delete);
    private final SpillDirectory directory;
    private int files;

    public SpilledWeights() {
        this(Path.of(System.getProperty("java.io.tmpdir")));
    }

    /** @param parent for temporary files */
    SpilledWeights(Path parent) {
        try {
            directory = SpillDirectory.create(parent, PREFIX);
        } catch (IOException e) {
            throw failed(parent, e);
        }
        Runtime.getRuntime().addShutdownHook(onExit);
    }

    /**
     * Keeps a weight in float32.
     *
     * @param name what it is, for messages
     * @param values row-major
     */
    public Weight keep(String name, Shape shape, float[] values) {
        try (Growing growing = begin(name, shape)) {
            growing.add(values, values.length);
            return growing.whole();
        }
    }

    /**
     * Begins a weight in float32 that comes few rows at a time.
     *
     * @param name what it is, for messages
     */
    public synchronized Growing begin(String name, Shape shape) {
        Path file = directory.path().resolve(files + ".f32");
        files++;
        return new Growing(new Stored(file, name, 0, DType.F32, shape));
    }

    /** A weight of which the first numbers are kept. */
    public static final class Growing implements AutoCloseable {

        private final Stored weight;
        private final FileChannel channel;
        private long kept;

        private Growing(Stored weight) {
            this.weight = weight;
            try {
                channel = FileChannel.open(weight.file(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            } catch (IOException e) {
                throw failed(weight.file(), e);
            }
        }

        /** Keeps the first so many of some values, row-major. */
        public void add(float[] values, int count) {
            ByteBuffer bytes = ByteBuffer.allocateDirect(Math.multiplyExact(count, Float.BYTES))
                    .order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(values, 0, count);
            try {
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            } catch (IOException e) {
                throw failed(weight.file(), e);
            }
            kept += count;
        }

        /** The weight, all of which was kept. */
        public Weight whole() {
            if (kept != weight.shape().elements()) {
                throw new IllegalArgumentException(kept + " values for " + weight.shape());
            }
            return weight;
        }

        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException e) {
                throw failed(weight.file(), e);
            }
        }
    }

    private static TwofoldException failed(Path path, IOException e) {
        return TwofoldException.environment("cannot keep computed weights on the disk")
                .at(Origin.file(path))
                .found(e)
                .hint("free some space there, or choose another directory with"
                        + " TWOFOLD_JAVA_OPTS=-Djava.io.tmpdir=DIR")
                .cause(e);
    }

    private synchronized void delete() {
        try {
            directory.close();
        } catch (IOException e) {
            throw failed(directory.path(), e);
        }
    }

    @Override
    public void close() {
        delete();
        try {
            Runtime.getRuntime().removeShutdownHook(onExit);
        } catch (IllegalStateException e) {
            // The process is already stopping, and the hook has run or will.
        }
    }
}
