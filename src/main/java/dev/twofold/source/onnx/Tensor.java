package dev.twofold.source.onnx;

import com.google.protobuf.ByteString;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Shape;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A tensor of constants, which stays where it is: in the model file, or in one beside it.
 *
 * @param elements of the ONNX type, row-major and little-endian
 */
record Tensor(String name, DataType type, Shape shape, Content elements) {

    /** Whole numbers that say how values are cut and reshaped are few. */
    private static final int MOST_LISTED = 1 << 12;

    Tensor reshaped(Shape other) {
        return new Tensor(name, type, other, elements);
    }

    /** Where the elements are. */
    sealed interface Content {

        long bytes();
    }

    /** In a file. */
    record InFile(Path file, long offset, long bytes) implements Content {}

    /** Few elements that were read with the graph. */
    record Listed(ByteString all) implements Content {

        @Override
        public long bytes() {
            return all.size();
        }
    }

    /** How weights of this type are called elsewhere; nothing for types that are no weights and no codes of any. */
    Optional<DType> dtype() {
        return Optional.ofNullable(
                switch (type) {
                    case FLOAT -> DType.F32;
                    case FLOAT16 -> DType.F16;
                    case BFLOAT16 -> DType.BF16;
                    case DOUBLE -> DType.F64;
                    case UINT8 -> DType.U8;
                    case INT8 -> DType.I8;
                    case UINT4 -> DType.U4;
                    case INT4 -> DType.I4;
                    default -> null;
                });
    }

    boolean isFloating() {
        return dtype().filter(DType::isWeight).isPresent();
    }

    boolean isWhole() {
        return type == DataType.INT64 || type == DataType.INT32;
    }

    /** Its numbers, if they are few and whole. */
    Optional<List<Long>> whole() {
        if (!isWhole() || shape.elements() > MOST_LISTED) {
            return Optional.empty();
        }
        ByteBuffer bytes = read(Math.toIntExact(elements.bytes()));
        List<Long> values = new ArrayList<>();
        while (bytes.hasRemaining()) {
            values.add(type == DataType.INT64 ? bytes.getLong() : (long) bytes.getInt());
        }
        return Optional.of(values);
    }

    /** Whether it is one truth value, and true. */
    boolean isTrue() {
        return type == DataType.BOOL && shape.elements() == 1 && read(1).get() == 1;
    }

    /** The first bytes of its elements. */
    ByteBuffer read(int count) {
        ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        if (elements instanceof Listed listed) {
            listed.all().substring(0, count).copyTo(bytes);
            return bytes.flip();
        }
        InFile place = (InFile) elements;
        try (FileChannel channel = FileChannel.open(place.file(), StandardOpenOption.READ)) {
            while (bytes.hasRemaining()) {
                if (channel.read(bytes, place.offset() + bytes.position()) < 0) {
                    throw new EOFException("the file ends before the tensor does");
                }
            }
            return bytes.flip();
        } catch (IOException e) {
            throw TwofoldException.input("cannot read the tensor")
                    .at(Origin.tensor(place.file(), name))
                    .found(e)
                    .cause(e);
        }
    }
}
