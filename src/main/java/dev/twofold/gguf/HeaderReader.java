package dev.twofold.gguf;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.gguf.MetadataValue.Whole;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;

/** Reads the header of a GGUF file of version 2 or 3, little-endian. */
public final class HeaderReader {

    private static final int MAGIC = 0x46554747;
    private static final int OLDEST = 2;
    private static final int NEWEST = 3;

    private static final String ALIGNMENT = "general.alignment";
    private static final int DEFAULT_ALIGNMENT = 32;
    private static final int MAX_ALIGNMENT = 1 << 20;

    private HeaderReader() {}

    /**
     * @param file a regular file; who calls this has seen to that
     * @throws TwofoldException of kind INPUT that names the key or the tensor that is malformed
     */
    public static GgufHeader read(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return read(file, new HeaderBytes(file, channel));
        } catch (IOException e) {
            throw TwofoldException.input("cannot read the file")
                    .at(Origin.file(file))
                    .found(e)
                    .cause(e);
        }
    }

    private static GgufHeader read(Path file, HeaderBytes bytes) throws IOException {
        int magic = bytes.four();
        if (magic != MAGIC) {
            throw bytes.rejected("not a GGUF file")
                    .found(String.format("a file that begins with %08x", Integer.reverseBytes(magic)))
                    .expected("one that begins with 'GGUF'")
                    .hint("it may be a pointer of Git LFS, or a web page; download it again");
        }
        int version = bytes.four();
        if (version < OLDEST || version > NEWEST) {
            boolean swapped = Integer.reverseBytes(version) >= OLDEST && Integer.reverseBytes(version) <= NEWEST;
            throw bytes.rejected(swapped ? "a GGUF file for machines of the other byte order" : "unsupported version")
                    .found(swapped ? "big-endian" : Integer.toUnsignedString(version))
                    .expected(swapped ? "little-endian" : OLDEST + " or " + NEWEST)
                    .hint("get the model from a recent llama.cpp, for an ordinary machine");
        }
        long tensors = bytes.eight();
        Map<String, MetadataValue> metadata = new MetadataReader(bytes).read(bytes.eight());
        TensorTable table = new TensorTable(file, bytes, alignment(bytes, metadata));
        List<TensorEntry> entries = table.read(tensors);
        return new GgufHeader(file, version, metadata, entries, table.dataStart());
    }

    private static int alignment(HeaderBytes bytes, Map<String, MetadataValue> metadata) {
        MetadataValue value = metadata.get(ALIGNMENT);
        if (value == null) {
            return DEFAULT_ALIGNMENT;
        }
        if (value instanceof Whole whole
                && whole.value() > 0
                && whole.value() <= MAX_ALIGNMENT
                && Long.bitCount(whole.value()) == 1) {
            return (int) whole.value();
        }
        bytes.atKey(ALIGNMENT);
        throw bytes.rejected("no alignment").found(value.describe()).expected("a power of two up to " + MAX_ALIGNMENT);
    }
}
