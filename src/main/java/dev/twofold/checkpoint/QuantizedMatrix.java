package dev.twofold.checkpoint;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Dequantized;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.Weight.Stored;
import dev.twofold.weight.Weight.Unpacked;
import dev.twofold.weight.Weights;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Finds the tensors of one quantized matrix, and makes the matrix of them. */
final class QuantizedMatrix {

    private static final Set<DType> SCALES = Set.of(DType.F32, DType.F16, DType.BF16);
    private static final Set<DType> BYTES = Set.of(DType.F8_E4M3, DType.F8_E5M2, DType.I8);
    private static final Set<DType> WORDS = Set.of(DType.I32);

    /** bitsandbytes' eight bits count in parts of 127, and multiply by its inverse in float32. */
    private static final float PART_OF_127 = 7.874015718698502e-3f;

    private final Quantization quantization;
    private final TensorSource tensors;
    private final String name;
    private final long outputs;
    private final long inputs;

    private QuantizedMatrix(Quantization quantization, TensorSource tensors, String name, long outputs, long inputs) {
        this.quantization = quantization;
        this.tensors = tensors;
        this.name = name;
        this.outputs = outputs;
        this.inputs = inputs;
    }

    /** A matrix {@code [outputs, inputs]}; empty if it is stored as it is. */
    static Optional<Weight> read(
            Quantization quantization, TensorSource tensors, String name, long outputs, long inputs) {
        return new QuantizedMatrix(quantization, tensors, name, outputs, inputs).read();
    }

    private Optional<Weight> read() {
        if (tensors.has(name + ".qweight")) {
            boolean woven = quantization.method() == Quantization.Method.AWQ;
            return Optional.of(Weights.transpose(words(woven)));
        } else if (tensors.has(name + ".weight_packed")) {
            return Optional.of(packed());
        } else if (FourBitMatrix.isThere(tensors, name)) {
            return Optional.of(FourBitMatrix.read(tensors, name, outputs, inputs));
        } else if (tensors.has(name + ".SCB")) {
            Stored scales = column(tensors.take(name + ".SCB", Set.of(DType.F32)));
            Weight scaled = new Dequantized(bytes(), Optional.empty(), scales, 1, inputs, Optional.empty());
            return Optional.of(Weights.times(scaled, PART_OF_127));
        }
        return List.of(".weight_scale_inv", ".weight_scale").stream()
                .filter(ending -> tensors.has(name + ending))
                .findFirst()
                .map(ending -> scaled(column(tensors.take(name + ending, SCALES))));
    }

    private Stored bytes() {
        Stored codes = tensors.take(name + ".weight", BYTES);
        require(codes, Shape.of(outputs, inputs));
        return codes;
    }

    /** One scale, one a row, or one a block. */
    private Weight scaled(Stored scales) {
        Optional<Weight> zeros = tensors.has(name + ".weight_zero_point")
                ? Optional.of(column(tensors.take(name + ".weight_zero_point", Set.of(DType.I8))))
                : Optional.empty();
        long height = extent(scales, 0, outputs, quantization.block().rows());
        long width = extent(scales, 1, inputs, quantization.block().columns());
        return new Dequantized(bytes(), zeros, scales, height, width, Optional.empty());
    }

    /** A vector as a column, a number as a matrix of one. */
    static Stored column(Stored stored) {
        Shape shape = stored.shape();
        Shape matrix = shape.rank() == 2 ? shape : Shape.of(shape.elements(), 1);
        return new Stored(stored.file(), stored.name(), stored.offset(), stored.dtype(), matrix);
    }

    /** How much of an axis shares a scale. */
    private long extent(Stored scales, int axis, long whole, long block) {
        long count = scales.shape().dim(axis);
        if (count == 1) {
            return whole;
        } else if (count == whole) {
            return 1;
        } else if (count == (whole + block - 1) / block) {
            return block;
        } else if (count > 0 && whole % count == 0) {
            return whole / count;
        }
        throw wrong(scales).expected("a scale for all, for each row, or for each block of " + outputs + " x " + inputs);
    }

    /** GPTQ and AWQ: {@code [inputs, outputs]}, several of an axis in a word, groups along the inputs. */
    private Weight words(boolean woven) {
        Stored words = tensors.take(name + ".qweight", WORDS);
        Stored scales = tensors.take(name + ".scales", SCALES);
        Stored zeroWords = tensors.take(name + ".qzeros", WORDS);
        int axis = woven ? 1 : 0;
        int bits = bits(words, axis, woven ? outputs : inputs);
        Weight codes = new Unpacked(words, bits, axis, woven, false);
        require(words, codes.shape(), Shape.of(inputs, outputs));
        Weight stored = new Unpacked(zeroWords, bits, 1, woven, false);
        boolean below = !woven && quantization.zerosBelow();
        Weight zeros = below ? Weights.sum(List.of(stored, new Filled(stored.shape(), 1))) : stored;
        long groups = scales.shape().rank() == 2 ? scales.shape().dim(0) : 0;
        require(scales, Shape.of(groups, outputs));
        require(zeroWords, zeros.shape(), scales.shape());
        if (groups == 0 || inputs % groups != 0 && !tensors.has(name + ".g_idx")) {
            throw wrong(scales).expected("a row for each group of " + inputs);
        }
        Optional<Stored> numbers = Optional.empty();
        if (tensors.has(name + ".g_idx")) {
            Stored listed = tensors.take(name + ".g_idx", WORDS);
            require(listed, Shape.of(inputs));
            numbers = Optional.of(listed);
        }
        return new Dequantized(codes, Optional.of(zeros), scales, Math.max(1, inputs / groups), 1, numbers);
    }

    /** compressed-tensors: several of a row in a word, groups along the row; without zeros, half of the range is zero. */
    private Weight packed() {
        Stored words = tensors.take(name + ".weight_packed", WORDS);
        int bits = bits(words, 1, inputs);
        Weight codes = new Unpacked(words, bits, 1, false, false);
        require(words, codes.shape(), Shape.of(outputs, inputs));
        Stored scales = column(tensors.take(name + ".weight_scale", SCALES));
        Weight zeros = new Filled(scales.shape(), 1 << bits - 1);
        if (tensors.has(name + ".weight_zero_point")) {
            Stored zeroWords = tensors.take(name + ".weight_zero_point", WORDS);
            zeros = new Unpacked(zeroWords, bits, 0, false, false);
            require(zeroWords, zeros.shape(), scales.shape());
        }
        long height = extent(scales, 0, outputs, 1);
        long width = extent(scales, 1, inputs, quantization.block().columns());
        return new Dequantized(codes, Optional.of(zeros), scales, height, width, Optional.empty());
    }

    private int bits(Stored words, int axis, long numbers) {
        long bits = words.shape().rank() == 2 ? 32 * words.shape().dim(axis) / numbers : 0;
        if (bits != 2 && bits != 4 && bits != 8) {
            throw wrong(words)
                    .expected("words of numbers of 2, 4 or 8 bits, " + numbers + " of them along axis " + axis);
        }
        return (int) bits;
    }

    private static void require(Stored stored, Shape expected) {
        require(stored, stored.shape(), expected);
    }

    private static void require(Stored stored, Shape found, Shape expected) {
        if (!found.equals(expected)) {
            throw wrong(stored).expected(expected + " from config.json");
        }
    }

    static TwofoldException wrong(Stored stored) {
        return TwofoldException.input("wrong shape of a quantized matrix")
                .at(Origin.tensor(stored.file(), stored.name()))
                .found(stored.dtype() + " " + stored.shape())
                .hint("check that config.json belongs to these tensors, or convert the original checkpoint");
    }
}
