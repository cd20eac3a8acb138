package dev.twofold.gguf;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A file from its start on, little-endian, through a small buffer: nothing is taken on trust to be there. It knows what is
 * being read, for messages.
 */
final class HeaderBytes {

    private static final int BUFFER = 1 << 16;

    private final Path file;
    private final FileChannel channel;
    private final long size;
    private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
    private Origin place;
    private final ByteBuffer buffer =
            ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN).limit(0);
    /** In the file, of the buffer's end. */
    private long filled;

    HeaderBytes(Path file, FileChannel channel) throws IOException {
        this.file = file;
        this.channel = channel;
        this.size = channel.size();
        this.place = Origin.file(file);
    }

    /** A key of the metadata is what follows. */
    void atKey(String key) {
        place = Origin.key(file, key);
    }

    /** A tensor's entry is what follows. */
    void atTensor(String name) {
        place = Origin.tensor(file, name);
    }

    /** What is wrong where it is reading. */
    TwofoldException rejected(String what) {
        return TwofoldException.input(what).at(place);
    }

    TwofoldException truncated(String what) {
        return rejected(what).hint("the file is truncated, or was never one; download it again");
    }

    /** Bytes of the file. */
    long size() {
        return size;
    }

    /** Of the next byte. */
    long position() {
        return filled - buffer.remaining();
    }

    /** Bytes that are still to come. */
    long remaining() {
        return size - position();
    }

    byte one() throws IOException {
        require(1);
        return buffer.get();
    }

    short two() throws IOException {
        require(2);
        return buffer.getShort();
    }

    int four() throws IOException {
        require(4);
        return buffer.getInt();
    }

    long eight() throws IOException {
        require(8);
        return buffer.getLong();
    }

    /**
     * A text of UTF-8 after its length.
     *
     * @param limit of bytes
     */
    String text(int limit) throws IOException {
        long length = eight();
        if (length < 0 || length > limit) {
            throw rejected("a text is too long")
                    .found(Long.toUnsignedString(length) + " bytes")
                    .expected("at most " + limit);
        }
        if (length > remaining()) {
            throw truncated("a text ends past the end of the file").found(length + " bytes, of " + remaining());
        }
        try {
            return utf8.decode(ByteBuffer.wrap(bytes((int) length))).toString();
        } catch (CharacterCodingException e) {
            throw rejected("a text is not UTF-8")
                    .found("before byte " + position())
                    .cause(e);
        }
    }

    /** @param count at most what remains */
    private byte[] bytes(int count) throws IOException {
        byte[] bytes = new byte[count];
        for (int done = 0; done < count; ) {
            require(1);
            int part = Math.min(count - done, buffer.remaining());
            buffer.get(bytes, done, part);
            done += part;
        }
        return bytes;
    }

    private void require(int count) throws IOException {
        if (buffer.remaining() >= count) {
            return;
        }
        buffer.compact();
        while (buffer.position() < count) {
            int read = channel.read(buffer, filled);
            if (read <= 0) {
                throw truncated("the file ends within its header").found(filled + " bytes");
            }
            filled += read;
        }
        buffer.flip();
    }
}
