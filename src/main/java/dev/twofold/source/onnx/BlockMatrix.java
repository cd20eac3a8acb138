package dev.twofold.source.onnx;

import dev.twofold.source.onnx.Term.Constant;
import dev.twofold.source.onnx.Term.Numbers;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Dequantized;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.Weight.Stored;
import dev.twofold.weight.Weight.Unpacked;
import dev.twofold.weight.Weights;
import java.util.Optional;

/**
 * A matrix that a graph has as whole numbers of 4 or 8 bits with a scale, and perhaps a zero, for each block, as the numbers that these
 * stand for.
 *
 * @param bits of a code
 * @param size elements of a block
 */
record BlockMatrix(int bits, long size) {

    private static final long LARGEST_BLOCK = 1 << 16;

    /** Of QMoE, whose codes, scales and biases take turns from the third operand on, and behind them the zeros. */
    private static final int FIRST_ZEROS = 11;

    /** The matrix {@code [out, in]} of MatMulNBits. */
    static Optional<Weight> ofProduct(Call call) {
        long rows = call.integer("N", 0);
        long columns = call.integer("K", 0);
        // One that says which block a column is in is not read.
        return call.input(4).isPresent()
                ? Optional.empty()
                : of(call.integer("bits", 4), call.integer("block_size", 0))
                        .flatMap(matrix -> matrix.byRows(call, 1, 2, 3, rows, columns));
    }

    /** The table of GatherBlockQuantized, whose rows are whole blocks. */
    static Optional<Weight> ofTable(Call call) {
        boolean byRows = call.integer("gather_axis", 0) == 0 && call.integer("quantize_axis", 1) == 1;
        Optional<Tensor> codes = call.input(0, Constant.class)
                .map(constant -> constant.tensor())
                .filter(tensor -> tensor.shape().rank() == 2);
        return codes.filter(tensor -> byRows)
                .flatMap(tensor -> of(call.integer("bits", 4), call.integer("block_size", 128))
                        .flatMap(matrix ->
                                matrix.byRows(call, 0, 2, 3, tensor.shape().dim(0), matrix.columns(tensor))));
    }

    /**
     * The table whose rows are made of bytes in a graph.
     *
     * @param codes the bytes
     * @param scales rows of the scales, by the same ids
     */
    static Optional<Weight> ofRows(Value codes, Value scales, Optional<Value> zeros, int bits, long size) {
        Optional<Shape> bytes = codes.as(Constant.class)
                .map(constant -> constant.tensor().shape())
                .filter(shape -> shape.rank() == 2);
        Optional<Weight> known = scales.as(Term.Rows.class).map(Term.Rows::table);
        return bytes.flatMap(shape -> known.flatMap(table -> of(bits, size)
                .flatMap(matrix -> matrix.byRows(
                        codes.as(Constant.class),
                        Optional.of(table),
                        zeros.isEmpty(),
                        zeros.flatMap(value -> value.as(Constant.class)),
                        shape.dim(0),
                        shape.dim(1) * 8 / bits))));
    }

    /**
     * The matrices of all experts of QMoE, one after the other, whose scales are behind them. Rows of the original may be several to a
     * row here, for theirs are whole blocks.
     */
    static Optional<Weight> ofExperts(Call call, int codes, long rows, long columns) {
        int zeros = FIRST_ZEROS + codes / 3;
        long bits = call.integer("expert_weight_bits", 4);
        Optional<Long> width = call.input(codes, Constant.class)
                .map(constant -> constant.tensor().shape())
                .filter(shape -> shape.rank() == 3)
                .map(shape -> shape.dim(2) * 8 / Math.max(1, bits));
        // Zeros of four bits lie two rows in a byte then, which is not read.
        if (bits == 4
                && !call.attributes().containsKey("block_size")
                && call.input(zeros).isPresent()) {
            return Optional.empty();
        }
        // Without blocks, a row has one scale.
        return width.flatMap(whole -> of(bits, call.integer("block_size", whole))
                        .filter(matrix -> whole % matrix.size() == 0 && columns % whole == 0))
                .flatMap(matrix -> matrix.byRows(
                        call.input(codes, Constant.class),
                        vectors(call, codes + 1),
                        call.input(zeros).isEmpty(),
                        call.input(zeros, Constant.class),
                        rows,
                        columns));
    }

    /** Numbers of any shape. */
    private static Optional<Weight> vectors(Call call, int input) {
        return call.input(input, Numbers.class)
                .map(Numbers::weight)
                .or(() -> call.input(input, Constant.class)
                        .flatMap(Constants::flat)
                        .map(Numbers::weight));
    }

    /** The numbers of DequantizeLinear, whose blocks lie along the first axis of a matrix {@code [in, out]}. */
    static Optional<Weight> ofStandard(Call call) {
        Optional<Tensor> codes = call.input(0, Constant.class).map(Constant::tensor);
        Optional<DType> type = codes.flatMap(Tensor::dtype);
        long size = call.integer("block_size", 0);
        if (call.integer("axis", 1) != 0 || type.isEmpty() || size < 1 || size > LARGEST_BLOCK) {
            return Optional.empty();
        }
        Optional<Weight> numbers = codes.flatMap(BlockMatrix::standard);
        Optional<Stored> scales = scales(call, 1);
        if (numbers.isEmpty() || scales.isEmpty()) {
            return Optional.empty();
        }
        Shape blocks = numbers.get().shape().with(0, (numbers.get().shape().dim(0) + size - 1) / size);
        Optional<Weight> zeros =
                call.input(2, Constant.class).map(Constant::tensor).flatMap(BlockMatrix::standard);
        boolean zerosFit = call.input(2).isEmpty()
                || zeros.filter(weight -> weight.shape().equals(blocks)).isPresent();
        return zerosFit && scales.get().shape().equals(blocks)
                ? Optional.of(new Dequantized(numbers.get(), zeros, scales.get(), size, 1, Optional.empty()))
                : Optional.empty();
    }

    private static Optional<BlockMatrix> of(long bits, long size) {
        boolean known = (bits == 4 || bits == 8) && size >= 8 && size <= LARGEST_BLOCK && size % 8 == 0;
        return known ? Optional.of(new BlockMatrix((int) bits, size)) : Optional.empty();
    }

    /** Codes of a type that says how many bits it has. */
    private static Optional<Weight> standard(Tensor tensor) {
        boolean matrix = tensor.shape().rank() == 2;
        DType type = tensor.dtype().orElse(DType.BOOL);
        if (!matrix || !(tensor.elements() instanceof Tensor.InFile place)) {
            return Optional.empty();
        }
        Shape shape = tensor.shape();
        return switch (type) {
            case U8, I8 -> Optional.of(new Stored(place.file(), tensor.name(), place.offset(), type, shape));
            // Rows that share a byte are not read.
            case U4, I4 ->
                shape.dim(1) % 2 != 0
                        ? Optional.empty()
                        : Optional.of(new Unpacked(
                                new Stored(
                                        place.file(),
                                        tensor.name(),
                                        place.offset(),
                                        DType.U8,
                                        shape.with(1, shape.dim(1) / 2)),
                                4,
                                1,
                                false,
                                type == DType.I4));
            default -> Optional.empty();
        };
    }

    private static Optional<Stored> scales(Call call, int input) {
        return call.input(input, Numbers.class)
                .map(Numbers::weight)
                .filter(Stored.class::isInstance)
                .map(Stored.class::cast);
    }

    private Optional<Weight> byRows(Call call, int codes, int scales, int zeros, long rows, long columns) {
        return byRows(
                call.input(codes, Constant.class),
                call.input(scales, Numbers.class).map(Numbers::weight),
                call.input(zeros).isEmpty(),
                call.input(zeros, Constant.class),
                rows,
                columns);
    }

    /** @param centred whether zero is in the middle of every block */
    private Optional<Weight> byRows(
            Optional<Constant> codes,
            Optional<Weight> scales,
            boolean centred,
            Optional<Constant> zeros,
            long rows,
            long columns) {
        if (rows < 1 || columns < 1 || rows > Integer.MAX_VALUE || columns > Integer.MAX_VALUE) {
            return Optional.empty();
        }
        long count = (columns + size - 1) / size;
        Shape blocks = Shape.of(rows, count);
        Optional<Weight> numbers = codes.flatMap(found -> codes(found, rows, count * size));
        Optional<Stored> known = scales.filter(Stored.class::isInstance)
                .map(Stored.class::cast)
                .filter(stored -> stored.shape().elements() == blocks.elements())
                .map(stored -> new Stored(stored.file(), stored.name(), stored.offset(), stored.dtype(), blocks));
        long padded = (count * bits + 7) / 8 * 8 / bits;
        // ONNX Runtime takes the middle for bytes, and nothing for elements of four bits.
        boolean nibbles = codes.filter(found -> isNibbles(found.tensor())).isPresent();
        Optional<Weight> zero = centred
                ? Optional.of(new Filled(blocks, nibbles ? 0 : 1 << bits - 1))
                : zeros.flatMap(found -> codes(found, rows, padded)).map(all -> Weights.slice(all, 1, 0, count));
        return numbers.isPresent() && known.isPresent() && zero.isPresent()
                ? Optional.of(Weights.slice(
                        new Dequantized(numbers.get(), zero, known.get(), 1, size, Optional.empty()), 1, 0, columns))
                : Optional.empty();
    }

    /** Codes of a row, two of which may be an element. */
    private long columns(Tensor codes) {
        long each = codes.shape().dim(1);
        return isNibbles(codes) ? each : each * 8 / bits;
    }

    /** Whether a tensor says itself that its elements have four bits, of which two lie in a byte all the same. */
    private boolean isNibbles(Tensor tensor) {
        return bits == 4 && tensor.dtype().equals(Optional.of(DType.U4));
    }

    /** Codes that lie in bytes, row after row. */
    private Optional<Weight> codes(Constant constant, long rows, long columns) {
        Optional<Tensor> tensor = Optional.of(constant.tensor())
                .filter(found -> found.dtype().equals(Optional.of(DType.U8)) || isNibbles(found))
                .filter(found -> found.elements().bytes() == rows * columns * bits / 8);
        return tensor.filter(found -> found.elements() instanceof Tensor.InFile).map(found -> {
            Tensor.InFile place = (Tensor.InFile) found.elements();
            Shape bytes = Shape.of(rows, columns * bits / 8);
            Stored stored = new Stored(place.file(), found.name(), place.offset(), DType.U8, bytes);
            return bits == 8 ? stored : new Unpacked(stored, 4, 1, false, false);
        });
    }
}
