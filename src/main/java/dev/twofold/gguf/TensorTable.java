package dev.twofold.gguf;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads what a header says of its tensors, and checks that their data lies in the file, apart from one another. */
final class TensorTable {

    /** The largest models have some 2,000, as experts of a layer are one. */
    private static final int MAX_TENSORS = 200_000;

    /** ggml has names of 63 bytes. */
    private static final int MAX_NAME = 255;

    private static final int MAX_RANK = 4;

    private final Path file;
    private final HeaderBytes bytes;
    private final int alignment;

    /** @param bytes at the first tensor's entry */
    TensorTable(Path file, HeaderBytes bytes, int alignment) {
        this.file = file;
        this.bytes = bytes;
        this.alignment = alignment;
    }

    /** @param count of tensors, as the file has it */
    List<TensorEntry> read(long count) throws IOException {
        if (count < 0 || count > MAX_TENSORS) {
            throw TwofoldException.input("too many tensors")
                    .at(Origin.file(file))
                    .found(Long.toUnsignedString(count))
                    .expected("at most " + MAX_TENSORS);
        }
        List<TensorEntry> tensors = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (int i = 0; i < count; i++) {
            bytes.atTensor("number " + i);
            String name = bytes.text(MAX_NAME);
            bytes.atTensor(name);
            if (!names.add(name)) {
                throw bytes.rejected("the tensor is there twice")
                        .hint("readers differ in which of the two they take; do not use this file");
            }
            tensors.add(entry(name));
        }
        requirePlaces(tensors);
        return List.copyOf(tensors);
    }

    /** Where the data begins, once the entries are read. */
    long dataStart() {
        return (bytes.position() + alignment - 1) / alignment * alignment;
    }

    private TensorEntry entry(String name) throws IOException {
        int rank = bytes.four();
        if (rank < 1 || rank > MAX_RANK) {
            throw bytes.rejected("a tensor of a number of dimensions that there is not")
                    .found(Integer.toUnsignedString(rank))
                    .expected("1 to " + MAX_RANK);
        }
        long[] dims = new long[rank];
        for (int i = rank - 1; i >= 0; i--) {
            dims[i] = bytes.eight();
            if (dims[i] < 1) {
                throw bytes.rejected("an extent out of range")
                        .found(Long.toUnsignedString(dims[i]))
                        .expected("1 to " + Long.MAX_VALUE);
            }
        }
        int number = bytes.four();
        TensorType type = TensorType.numbered(Integer.toUnsignedLong(number))
                .orElseThrow(() -> bytes.rejected("unknown type of tensor").found(Integer.toUnsignedString(number)));
        if (!type.isRead()) {
            throw bytes.rejected("numbers of this type are not read")
                    .found(type)
                    .expected("one of " + TensorType.readable())
                    .hint("get the model in another type");
        }
        long offset = bytes.eight();
        if (offset < 0 || offset % alignment != 0) {
            throw bytes.rejected("its data begins at no multiple of the alignment")
                    .found(Long.toUnsignedString(offset))
                    .expected("a multiple of " + alignment);
        }
        return new TensorEntry(name, type, Shape.of(dims), offset, size(type, Shape.of(dims)));
    }

    private long size(TensorType type, Shape shape) {
        if (shape.columns() % type.blockElements() != 0) {
            throw bytes.rejected("its rows are no whole blocks")
                    .found(shape)
                    .expected("a multiple of " + type.blockElements() + " for " + type);
        }
        try {
            return type.bytes(shape.elements());
        } catch (ArithmeticException e) {
            throw bytes.rejected("its shape overflows").found(shape).cause(e);
        }
    }

    private void requirePlaces(List<TensorEntry> tensors) {
        long available = bytes.size() - dataStart();
        List<TensorEntry> sorted = new ArrayList<>(tensors);
        sorted.sort(Comparator.comparingLong(TensorEntry::offset));
        long end = 0;
        for (TensorEntry tensor : sorted) {
            bytes.atTensor(tensor.name());
            if (tensor.offset() < end) {
                throw bytes.rejected("its data overlaps another tensor's")
                        .found("data from byte " + tensor.offset())
                        .expected("data from byte " + end + " on");
            }
            // Not by the sum of both, which may overflow.
            if (tensor.offset() > available || tensor.bytes() > available - tensor.offset()) {
                throw bytes.truncated("its data ends past the end of the file")
                        .found(Math.max(0, available) + " bytes of data")
                        .expected(tensor.bytes() + " bytes from " + tensor.offset() + " on");
            }
            end = tensor.end();
        }
    }
}
