package dev.twofold.checkpoint;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.weight.Weight.Stored;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Whether two tensors have the same bytes. Checkpoints with tied embeddings often store the table twice. */
final class StoredCopy {

    private static final int BUFFER = 1 << 20;

    private StoredCopy() {}

    /** @throws TwofoldException of kind INPUT if one of them cannot be read */
    static boolean equal(Stored a, Stored b) {
        if (!a.shape().equals(b.shape()) || a.dtype() != b.dtype()) {
            return false;
        }
        long bytes = a.shape().elements() * a.dtype().bits() / 8;
        ByteBuffer first = ByteBuffer.allocate(BUFFER);
        ByteBuffer second = ByteBuffer.allocate(BUFFER);
        try (FileChannel one = FileChannel.open(a.file());
                FileChannel other = FileChannel.open(b.file())) {
            for (long at = 0; at < bytes; at += BUFFER) {
                int length = (int) Math.min(BUFFER, bytes - at);
                if (!fill(one, a.offset() + at, first, length).equals(fill(other, b.offset() + at, second, length))) {
                    return false;
                }
            }
            return true;
        } catch (IOException e) {
            throw TwofoldException.input("the tensor cannot be read")
                    .at(Origin.tensor(a.file(), a.name()))
                    .found(e)
                    .hint("check the file, or download it again")
                    .cause(e);
        }
    }

    private static ByteBuffer fill(FileChannel channel, long position, ByteBuffer buffer, int length)
            throws IOException {
        buffer.clear().limit(length);
        while (buffer.hasRemaining() && channel.read(buffer, position + buffer.position()) >= 0) {
            // A read may be shorter than asked.
        }
        return buffer.flip();
    }
}
