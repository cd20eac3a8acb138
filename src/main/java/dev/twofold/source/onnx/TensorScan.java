package dev.twofold.source.onnx;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.graph.proto.StringStringEntryProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads one tensor of a model file: what it is, and where its elements are. */
final class TensorScan {

    /** The most dimensions that any operator has a use for. */
    private static final int MAX_RANK = 8;

    /** A location, an offset, a length and a checksum are usual. */
    private static final int MAX_ENTRIES = 16;

    /** What is written as a list of numbers, and not as bytes, is small. */
    private static final int MAX_LISTED = 1 << 20;

    private final Path model;
    private final ExternalData external;
    private final List<Long> dims = new ArrayList<>();
    private final Map<String, String> entries = new HashMap<>();
    private final ByteArrayOutputStream listed = new ByteArrayOutputStream();
    private Optional<Tensor.Content> content = Optional.empty();
    private String name = "";
    private int type;
    private boolean outside;

    private TensorScan(Path model, ExternalData external) {
        this.model = model;
        this.external = external;
    }

    /** The tensor that a message ending at the stream's limit says. */
    static Tensor read(CodedInputStream in, Path model, ExternalData external) throws IOException {
        TensorScan scan = new TensorScan(model, external);
        scan.fields(in);
        return scan.tensor();
    }

    /** One that was read with a node, whose bytes are in memory. */
    static Tensor of(TensorProto proto, Path model, ExternalData external) {
        try {
            TensorScan scan = new TensorScan(model, external);
            scan.fields(proto.toByteString().newCodedInput());
            if (scan.content.isPresent()) {
                scan.content = Optional.of(new Tensor.Listed(proto.getRawData()));
            }
            return scan.tensor();
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory", e);
        }
    }

    private void fields(CodedInputStream in) throws IOException {
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            boolean packed = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
            switch (WireFormat.getTagFieldNumber(tag)) {
                case TensorProto.DIMS_FIELD_NUMBER -> numbers(in, packed, () -> dimension(in.readInt64()));
                case TensorProto.DATA_TYPE_FIELD_NUMBER -> type = in.readInt32();
                case TensorProto.NAME_FIELD_NUMBER -> name = in.readString();
                case TensorProto.FLOAT_DATA_FIELD_NUMBER -> numbers(in, packed, () -> put(4, in.readFixed32()));
                case TensorProto.DOUBLE_DATA_FIELD_NUMBER -> numbers(in, packed, () -> put(8, in.readFixed64()));
                case TensorProto.INT32_DATA_FIELD_NUMBER -> numbers(in, packed, () -> put(width(), in.readInt32()));
                case TensorProto.INT64_DATA_FIELD_NUMBER -> numbers(in, packed, () -> put(8, in.readInt64()));
                case TensorProto.RAW_DATA_FIELD_NUMBER -> raw(in);
                case TensorProto.EXTERNAL_DATA_FIELD_NUMBER -> entry(StringStringEntryProto.parseFrom(in.readBytes()));
                case TensorProto.DATA_LOCATION_FIELD_NUMBER ->
                    outside = in.readEnum() == TensorProto.DataLocation.EXTERNAL_VALUE;
                default -> in.skipField(tag);
            }
        }
    }

    /** Reads a number of a list. */
    private interface Step {
        void run() throws IOException;
    }

    private void numbers(CodedInputStream in, boolean packed, Step step) throws IOException {
        if (!packed) {
            step.run();
            return;
        }
        int limit = in.pushLimit(in.readRawVarint32());
        while (in.getBytesUntilLimit() > 0) {
            step.run();
        }
        in.popLimit(limit);
    }

    /** Bytes of an element of a type that is listed as whole numbers of 32 bits. */
    private int width() {
        return Math.max(1, bits(type) / 8);
    }

    private void dimension(long size) {
        dims.add(size);
        if (dims.size() > MAX_RANK) {
            throw wrong("a tensor of a shape that there is not").found("more than " + MAX_RANK + " dimensions");
        }
    }

    private void put(int bytes, long value) {
        if (listed.size() > MAX_LISTED) {
            throw wrong("a large tensor that is spelled number by number")
                    .expected("at most " + MAX_LISTED + " bytes of it")
                    .hint("save the model with external data");
        }
        ByteBuffer all =
                ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(0, value);
        listed.write(all.array(), 0, bytes);
    }

    private void raw(CodedInputStream in) throws IOException {
        int length = in.readRawVarint32();
        content = Optional.of(new Tensor.InFile(model, in.getTotalBytesRead(), length));
        in.skipRawBytes(length);
    }

    private void entry(StringStringEntryProto entry) {
        entries.put(entry.getKey(), entry.getValue());
        if (entries.size() > MAX_ENTRIES) {
            throw wrong("a tensor that says too much of its file").expected("at most " + MAX_ENTRIES + " entries");
        }
    }

    private Tensor tensor() {
        DataType known = DataType.forNumber(type);
        if (known == null || bits(type) == 0) {
            throw wrong("a tensor of a type that is not read").found(known == null ? "type " + type : known);
        }
        if (dims.stream().anyMatch(dim -> dim < 0)) {
            throw wrong("a tensor of a shape that there is not").found(dims);
        }
        Shape shape = new Shape(dims);
        long bytes = bytes(shape);
        if (outside) {
            return new Tensor(name, known, shape, external.find(name, entries, bytes));
        }
        Tensor.Content own = content.orElseGet(() -> new Tensor.Listed(ByteString.copyFrom(listed.toByteArray())));
        if (own.bytes() != bytes) {
            throw wrong("a tensor that its shape does not fit")
                    .found(own.bytes() + " bytes")
                    .expected(bytes + " for " + shape + " of " + known);
        }
        return new Tensor(name, known, shape, own);
    }

    private long bytes(Shape shape) {
        try {
            return Math.addExact(Math.multiplyExact(shape.elements(), (long) bits(type)), 7) / 8;
        } catch (ArithmeticException e) {
            throw wrong("a tensor of a shape that there is not").found(shape).cause(e);
        }
    }

    /** Bits of an element; 0 for what has no fixed size. */
    private static int bits(int type) {
        DataType known = DataType.forNumber(type);
        return known == null
                ? 0
                : switch (known) {
                    case UINT4, INT4 -> 4;
                    case UINT8, INT8, BOOL -> 8;
                    case FLOAT16, BFLOAT16, UINT16, INT16 -> 16;
                    case FLOAT, INT32, UINT32 -> 32;
                    case DOUBLE, INT64, UINT64 -> 64;
                    default -> 0;
                };
    }

    private TwofoldException wrong(String what) {
        return TwofoldException.input(what).at(Origin.tensor(model, name));
    }
}
