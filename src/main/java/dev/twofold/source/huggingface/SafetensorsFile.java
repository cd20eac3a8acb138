package dev.twofold.source.huggingface;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.SourceFile;
import dev.twofold.source.huggingface.SafetensorsHeader.Entry;
import dev.twofold.weight.Weight.Stored;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Reads the safetensors format: an 8-byte little-endian header length, a UTF-8 JSON header, and data that the tensors
 * tile without hole, overlap or rest. Only the header is read.
 */
final class SafetensorsFile {

    private static final int MAX_HEADER = 100_000_000;
    private static final int LENGTH_BYTES = 8;

    private final Path file;

    private SafetensorsFile(Path file) {
        this.file = file;
    }

    /**
     * The tensors of a file, in the order of their data.
     *
     * @throws TwofoldException of kind INPUT if the file is not well-formed
     */
    static List<Stored> read(Path file) {
        return new SafetensorsFile(file).read();
    }

    private List<Stored> read() {
        SourceFile.require(file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            byte[] start = new HeaderInput(channel, 0, Math.min(size, 64)).readAllBytes();
            FileImpostor.of(start).ifPresent(impostor -> {
                throw rejected(impostor.what()).hint(impostor.hint());
            });
            if (size < LENGTH_BYTES) {
                throw rejected("too short for a safetensors file").found(size + " bytes");
            }
            long length = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
            if (length <= 0 || length > MAX_HEADER) {
                throw rejected("the header length is out of range")
                        .found(Long.toUnsignedString(length))
                        .expected("1 to " + MAX_HEADER + " bytes")
                        .hint("download the file again: this may not be a safetensors file");
            }
            if (length > size - LENGTH_BYTES) {
                throw rejected("the header ends past the end of the file")
                        .found("a header of " + length + " bytes in a file of " + size)
                        .hint("download the file again: it may be truncated");
            }
            new HeaderInput(channel, LENGTH_BYTES, length).invalidUtf8().ifPresent(position -> {
                throw rejected("the header is not UTF-8").found("an invalid byte at " + position);
            });
            HeaderInput header = new HeaderInput(channel, LENGTH_BYTES, length);
            return tile(SafetensorsHeader.parse(file, header), LENGTH_BYTES + length, size);
        } catch (IOException e) {
            throw rejected("cannot read the file").found(e).cause(e);
        }
    }

    private List<Stored> tile(List<Entry> entries, long dataStart, long fileSize) {
        List<Entry> sorted = new ArrayList<>(entries);
        sorted.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        List<Stored> tensors = new ArrayList<>();
        long position = 0;
        for (Entry entry : sorted) {
            if (entry.begin() != position) {
                throw rejected(
                                entry,
                                entry.begin() < position
                                        ? "its data overlaps another tensor's"
                                        : "there is a hole before its data")
                        .found("data from byte " + entry.begin())
                        .expected("data from byte " + position);
            }
            requireSize(entry);
            position = entry.end();
            if (position > fileSize - dataStart) {
                throw rejected(entry, "its data ends past the end of the file")
                        .found((fileSize - dataStart) + " bytes of data")
                        .expected("at least " + position)
                        .hint("download the file again: it is truncated");
            }
            tensors.add(new Stored(file, entry.name(), dataStart + entry.begin(), entry.dtype(), entry.shape()));
        }
        if (position != fileSize - dataStart) {
            throw rejected("there are bytes after the last tensor")
                    .found((fileSize - dataStart) + " bytes of data")
                    .expected(position);
        }
        return tensors;
    }

    private void requireSize(Entry entry) {
        try {
            long bits =
                    Math.multiplyExact(entry.shape().elements(), entry.dtype().bits());
            if (bits % 8 == 0 && bits / 8 == entry.end() - entry.begin()) {
                return;
            }
            throw rejected(entry, "its data does not have the size of its shape")
                    .found((entry.end() - entry.begin()) + " bytes")
                    .expected(bits / 8.0 + " bytes for " + entry.dtype() + " " + entry.shape());
        } catch (ArithmeticException e) {
            throw rejected(entry, "its shape overflows").found(entry.shape()).cause(e);
        }
    }

    private TwofoldException rejected(String what) {
        return TwofoldException.input(what).at(Origin.file(file));
    }

    private TwofoldException rejected(Entry entry, String what) {
        return TwofoldException.input(what).at(Origin.tensor(file, entry.name()));
    }
}
