package dev.twofold.reject;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntFunction;

/**
 * A long text that takes no memory: a start, many parts, and an end.
 *
 * @param part makes the part of a number, from 0
 */
record Repeated(String start, int parts, IntFunction<String> part, String end) {

    /** The same part many times. */
    static Repeated of(String start, int parts, String part, String end) {
        return new Repeated(start, parts, i -> part, end);
    }

    void write(Path file) throws IOException {
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
            write(out);
        }
    }

    /** As the header of a safetensors file without data. */
    void writeHeader(Path file) throws IOException {
        Counter length = new Counter();
        write(length);
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
            out.write(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(length.bytes)
                    .array());
            write(out);
        }
    }

    private void write(OutputStream out) throws IOException {
        out.write(start.getBytes(StandardCharsets.UTF_8));
        for (int i = 0; i < parts; i++) {
            out.write(part.apply(i).getBytes(StandardCharsets.UTF_8));
        }
        out.write(end.getBytes(StandardCharsets.UTF_8));
    }

    private static final class Counter extends OutputStream {
        private long bytes;

        @Override
        public void write(int one) {
            bytes++;
        }

        @Override
        public void write(byte[] many, int offset, int count) {
            bytes += count;
        }
    }
}
