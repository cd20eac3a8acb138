package dev.twofold.tokenizer;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;

/** What goes between a process and its tokenizer's: a byte that says what it is, a length, and so many bytes. */
final class Wire {

    static final int ENCODE = 1;
    static final int DECODE = 2;
    static final int ENCODE_PLAIN = 3;
    static final int RENDER = 4;

    /** The content is what was asked for. */
    static final int DONE = 0;
    /** The content is why not. */
    static final int FAILED = 1;

    private Wire() {}

    static void write(DataOutputStream out, int kind, byte[] content) throws IOException {
        out.write(kind);
        out.writeInt(content.length);
        out.write(content);
        out.flush();
    }

    /** The content that follows a kind. */
    static byte[] read(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0) {
            throw new IOException("a length of " + length);
        }
        // Not into an array of that length at once, which may be anything if what is read is not an answer.
        byte[] content = in.readNBytes(length);
        if (content.length < length) {
            throw new EOFException();
        }
        return content;
    }

    /** Writes what a computation yields, or why it does not; whether it did. */
    static boolean answer(DataOutputStream out, Callable<byte[]> computation) throws IOException {
        byte[] content;
        try {
            content = computation.call();
        } catch (Exception | LinkageError e) {
            write(out, FAILED, text(String.valueOf(e.getMessage())));
            return false;
        }
        write(out, DONE, content);
        return true;
    }

    static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] content) {
        return new String(content, StandardCharsets.UTF_8);
    }

    /** Two texts in one. */
    static byte[] texts(String first, String second) {
        byte[] begin = text(first);
        byte[] end = text(second);
        return ByteBuffer.allocate(Integer.BYTES + begin.length + end.length)
                .putInt(begin.length)
                .put(begin)
                .put(end)
                .array();
    }

    static String[] texts(byte[] content) {
        int length = ByteBuffer.wrap(content).getInt();
        return new String[] {
            new String(content, Integer.BYTES, length, StandardCharsets.UTF_8),
            new String(content, Integer.BYTES + length, content.length - Integer.BYTES - length, StandardCharsets.UTF_8)
        };
    }

    static byte[] ids(long[] ids) {
        ByteBuffer content = ByteBuffer.allocate(Math.multiplyExact(ids.length, Long.BYTES));
        content.asLongBuffer().put(ids);
        return content.array();
    }

    static long[] ids(byte[] content) {
        long[] ids = new long[content.length / Long.BYTES];
        ByteBuffer.wrap(content).asLongBuffer().get(ids);
        return ids;
    }
}
