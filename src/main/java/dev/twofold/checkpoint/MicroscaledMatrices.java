package dev.twofold.checkpoint;

import dev.twofold.tensor.DType;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.FourBits;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Dequantized;
import dev.twofold.weight.Weight.Nibbles;
import dev.twofold.weight.Weight.Stored;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Matrices in MXFP4 (OCP Microscaling Formats, 2023), as gpt-oss has those of its experts: {@code NAME_blocks}, {@code [count,
 * rows, columns / 32, 16]}, of two numbers in a byte, the first in its low half, and {@code NAME_scales}, {@code [count, rows,
 * columns / 32]}, of exponents of two. Multiplied in bf16, as the library does.
 */
record MicroscaledMatrices(TensorSource tensors, String name) {

    /** Numbers that share a scale. */
    private static final int BLOCK = 32;

    private static final int BLOCK_BYTES = BLOCK / 2;
    private static final Set<DType> BYTES = Set.of(DType.U8);
    private static final Set<DType> EXPONENTS = Set.of(DType.U8, DType.F8_E8M0);

    boolean areThere() {
        return tensors.has(blocks());
    }

    private String blocks() {
        return name + "_blocks";
    }

    /** Each {@code [rows, columns]}. */
    List<Weight> read(int count, long rows, long columns) {
        Stored blocks = tensors.take(blocks(), BYTES);
        Stored scales = tensors.take(name + "_scales", EXPONENTS);
        long each = columns / BLOCK;
        require(blocks, Shape.of(count, rows, each, BLOCK_BYTES), columns);
        require(scales, Shape.of(count, rows, each), columns);
        return IntStream.range(0, count)
                .mapToObj(i -> {
                    Stored bytes = part(blocks, i, Shape.of(rows, each * BLOCK_BYTES), DType.U8);
                    Stored exponents = part(scales, i, Shape.of(rows, each), DType.F8_E8M0);
                    return matrix(new Nibbles(bytes, FourBits.E2M1, false), exponents);
                })
                .toList();
    }

    private static Weight matrix(Nibbles codes, Stored exponents) {
        return new Dequantized(codes, Optional.empty(), exponents, 1, BLOCK, Optional.empty(), DType.BF16);
    }

    private static Stored part(Stored all, int number, Shape shape, DType type) {
        return new Stored(
                all.file(), all.name() + "[" + number + "]", all.offset() + number * shape.elements(), type, shape);
    }

    private static void require(Stored stored, Shape expected, long columns) {
        if (columns % BLOCK != 0 || !stored.shape().equals(expected)) {
            throw QuantizedMatrix.wrong(stored)
                    .expected(expected + ", for whole blocks of " + BLOCK + " of " + columns);
        }
    }
}
