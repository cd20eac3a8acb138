package dev.twofold.source.onnx;

import dev.twofold.graph.proto.TensorProto;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.tensor.BFloat16;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Float16;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Computed;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.Weight.Stored;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What tensors of a graph are, as far as decoders are made of them. */
final class Constants {

    /** Elements of vectors that are looked into. */
    private static final long SHORT = 1 << 20;

    private Constants() {}

    static Term of(Tensor tensor) {
        Optional<List<Long>> whole = tensor.whole();
        if (whole.isPresent()) {
            return new Term.Whole(whole.get());
        }
        return tensor.isFloating() && tensor.shape().rank() <= 2 ? numbers(tensor) : new Term.Constant(tensor);
    }

    /** The numbers of a constant, of whatever shape it is, in another one of as many elements. */
    static Optional<Term.Numbers> reshaped(Term.Constant constant, Shape shape) {
        Tensor tensor = constant.tensor();
        return tensor.isFloating() && tensor.shape().elements() == shape.elements()
                ? Optional.of(numbers(tensor.reshaped(shape)))
                : Optional.empty();
    }

    /** The same in a row. */
    static Optional<Term.Numbers> flat(Term.Constant constant) {
        return reshaped(constant, Shape.of(constant.tensor().shape().elements()));
    }

    private static Term.Numbers numbers(Tensor tensor) {
        boolean single = tensor.shape().elements() == 1;
        DType type = tensor.dtype().orElseThrow();
        // A single number may be spelled with any number of dimensions.
        Shape shape = single ? Shape.of(1) : tensor.shape();
        Weight weight = tensor.elements() instanceof Tensor.InFile place
                ? new Stored(place.file(), tensor.name(), place.offset(), type, shape)
                : new Computed(shape, new Literal(tensor.name(), floats(tensor), Math.toIntExact(shape.columns())));
        return new Term.Numbers(
                weight, single ? Optional.of(Decimals.of(floats(tensor).get(0))) : Optional.empty());
    }

    /** Of a value that is the same everywhere: a floating-point number, or true. */
    static Optional<Term> filled(TensorProto proto) {
        ByteBuffer raw = proto.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        DataType type = DataType.forNumber(proto.getDataType());
        if (type == DataType.BOOL) {
            boolean all = raw.remaining() == 1
                    ? raw.get() == 1
                    : proto.getInt32DataList().equals(List.of(1));
            return all ? Optional.of(Term.Tokens.ALWAYS) : Optional.empty();
        } else if (type == DataType.FLOAT && (raw.remaining() == 4 || proto.getFloatDataCount() == 1)) {
            return Optional.of(filled(raw.remaining() == 4 ? raw.getFloat() : proto.getFloatData(0)));
        }
        return type == DataType.FLOAT16 && raw.remaining() == 2
                ? Optional.of(filled(Float16.toFloat(raw.getShort())))
                : Optional.empty();
    }

    /** The same of whole numbers. */
    static Optional<Long> wholeFilled(TensorProto proto) {
        ByteBuffer raw = proto.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        boolean whole = DataType.forNumber(proto.getDataType()) == DataType.INT64;
        return whole && raw.remaining() == Long.BYTES
                ? Optional.of(raw.getLong())
                : Optional.of(proto.getInt64DataList())
                        .filter(all -> whole && all.size() == 1)
                        .map(all -> all.get(0));
    }

    private static Term filled(float value) {
        return new Term.Numbers(new Filled(Shape.of(1), value), Optional.of(Decimals.of(value)));
    }

    /** Numbers that stood in the graph itself. */
    private record Literal(String name, List<Float> all, int columns) implements Weight.Rows {

        @Override
        public void fill(long row, float[] values) {
            for (int i = 0; i < columns; i++) {
                values[i] = all.get((int) row * columns + i);
            }
        }
    }

    private static List<Float> floats(Tensor tensor) {
        ByteBuffer bytes = tensor.read(Math.toIntExact(tensor.elements().bytes()));
        List<Float> values = new ArrayList<>();
        while (bytes.hasRemaining()) {
            values.add(
                    switch (tensor.type()) {
                        case FLOAT -> bytes.getFloat();
                        case FLOAT16 -> Float16.toFloat(bytes.getShort());
                        case BFLOAT16 -> BFloat16.toFloat(bytes.getShort());
                        default -> requireDouble(tensor.type(), bytes);
                    });
        }
        return List.copyOf(values);
    }

    private static float requireDouble(DataType type, ByteBuffer bytes) {
        if (type != DataType.DOUBLE) {
            throw new IllegalStateException("no floating-point numbers: " + type);
        }
        return (float) bytes.getDouble();
    }

    /** The same vector, as one number if it is one all along. */
    static Weight simplest(Weight vector, Values values) {
        long size = vector.shape().elements();
        if (!(vector instanceof Stored) || size > SHORT || size == 0) {
            return vector;
        }
        float[] all = values.numbers().read(vector);
        for (float one : all) {
            if (one != all[0]) {
                return vector;
            }
        }
        return new Filled(vector.shape(), all[0]);
    }
}
