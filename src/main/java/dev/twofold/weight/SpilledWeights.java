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
    public synchronized Weight keep(String name, Shape shape, float[] values) {
        if (values.length != shape.elements()) {
            throw new IllegalArgumentException(values.length + " values for " + shape);
        }
        Path file = directory.path().resolve(files + ".f32");
        files++;
        ByteBuffer bytes = ByteBuffer.allocateDirect(Math.multiplyExact(values.length, Float.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw failed(file, e);
        }
        return new Stored(file, name, 0, DType.F32, shape);
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
