package dev.twofold.source.huggingface;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;

/** A part of a file as a stream, so that a header of any length takes a buffer of memory. */
final class HeaderInput extends InputStream {

    private static final int BUFFER = 1 << 16;

    private final FileChannel channel;
    private final long end;
    private long position;

    HeaderInput(FileChannel channel, long begin, long length) {
        this.channel = channel;
        this.position = begin;
        this.end = begin + length;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (position == end) {
            return -1;
        }
        int count = (int) Math.min(length, end - position);
        int read = channel.read(ByteBuffer.wrap(target, offset, count), position);
        if (read < 0) {
            throw new EOFException("the file ended while it was being read");
        }
        position += read;
        return read;
    }

    /** Where in the file the first byte is that is no UTF-8, if there is one. Reads to the end. */
    OptionalLong invalidUtf8() throws IOException {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer bytes = ByteBuffer.allocate(BUFFER);
        CharBuffer discarded = CharBuffer.allocate(BUFFER);
        while (position < end || bytes.position() > 0) {
            int read = read(bytes.array(), bytes.position(), bytes.remaining());
            bytes.position(bytes.position() + Math.max(read, 0)).flip();
            if (decoder.decode(bytes, discarded.clear(), position == end).isError()) {
                return OptionalLong.of(position - bytes.remaining());
            }
            bytes.compact();
        }
        return OptionalLong.empty();
    }
}
