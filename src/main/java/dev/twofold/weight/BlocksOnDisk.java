package dev.twofold.weight;

import dev.twofold.tensor.DType;
import dev.twofold.tensor.IntegerBlocks;
import dev.twofold.weight.Weight.Dequantized;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.Weight.Rounded;
import dev.twofold.weight.Weight.Sliced;
import dev.twofold.weight.Weight.Stacked;
import dev.twofold.weight.Weight.Stored;
import dev.twofold.weight.Weight.Transposed;
import dev.twofold.weight.Weight.Unpacked;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Matrices that are in blocks of few bits already, and were only cut and joined since. Rounded once more, they are to stay as they are. */
public final class BlocksOnDisk {

    private BlocksOnDisk() {}

    /** Whether a matrix is the numbers that whole numbers on disk stand for, with nothing done to them. */
    public static boolean isIn(Weight matrix) {
        if (matrix instanceof Transposed || matrix instanceof Sliced || matrix instanceof Stacked) {
            return Weights.operands(matrix).allMatch(BlocksOnDisk::isIn);
        }
        return matrix instanceof Dequantized;
    }

    /** The same numbers in the same blocks; nothing if the matrix is in others, or in none. */
    public static Optional<Rounded> kept(Weight matrix, IntegerBlocks blocks) {
        return outermost(matrix, blocks).flatMap(RoundedForm::of);
    }

    /** The same expression of rounded matrices. */
    private static Optional<Weight> outermost(Weight matrix, IntegerBlocks blocks) {
        if (matrix instanceof Dequantized quantized) {
            return rounded(quantized, matrix, blocks);
        } else if (matrix instanceof Transposed transposed && transposed.source() instanceof Dequantized quantized) {
            return rounded(quantized, matrix, blocks);
        } else if (matrix instanceof Sliced sliced
                && sliced.source() instanceof Dequantized quantized
                && fillsLastBlock(sliced, blocks)) {
            return rounded(quantized, matrix, blocks);
        } else if (matrix instanceof Sliced sliced) {
            return outermost(sliced.source(), blocks)
                    .map(inner -> new Sliced(inner, sliced.axis(), sliced.begin(), sliced.end()));
        } else if (matrix instanceof Stacked stacked) {
            List<Weight> parts = new ArrayList<>();
            stacked.parts().forEach(part -> outermost(part, blocks).ifPresent(parts::add));
            return parts.size() == stacked.parts().size()
                    ? Optional.of(new Stacked(stacked.axis(), parts))
                    : Optional.empty();
        }
        return Optional.empty();
    }

    /** Whether all that is cut off is the rest of the last block. */
    private static boolean fillsLastBlock(Sliced sliced, IntegerBlocks blocks) {
        long whole = sliced.source().shape().dim(1);
        return sliced.axis() == 1 && sliced.begin() == 0 && blocks.blocks(sliced.end()) * blocks.size() == whole;
    }

    /** @param numbers the matrix, turned if its blocks lie along columns on disk */
    private static Optional<Weight> rounded(Dequantized matrix, Weight numbers, IntegerBlocks blocks) {
        boolean turned = numbers instanceof Transposed;
        long along = turned ? matrix.height() : matrix.width();
        long across = turned ? matrix.width() : matrix.height();
        boolean same = bits(matrix.codes()) == blocks.bits()
                && along == blocks.size()
                && across == 1
                && matrix.groups().isEmpty()
                && matrix.scales() instanceof Stored scales
                && scales.dtype() == blocks.scales();
        return zeros(matrix, blocks).filter(zeros -> same).map(zeros -> {
            Grid grid = turned
                    ? new Grid.Given(Weights.transpose(matrix.scales()), Weights.transpose(zeros))
                    : new Grid.Given(matrix.scales(), zeros);
            return new Rounded(numbers, blocks, grid);
        });
    }

    /** Of codes from 0 up; nothing where blocks have zeros of their own, and are to have none. */
    private static Optional<Weight> zeros(Dequantized matrix, IntegerBlocks blocks) {
        Weight middle = new Filled(matrix.scales().shape(), blocks.middle());
        if (isSigned(matrix.codes())) {
            return matrix.zeros().isEmpty() ? Optional.of(middle) : Optional.empty();
        }
        return matrix.zeros()
                .filter(zeros -> isCode(zeros, blocks))
                .filter(zeros -> !blocks.symmetric() || zeros.equals(middle));
    }

    /** Whether these are codes for certain: zeros that something was added to may be beyond the largest. */
    private static boolean isCode(Weight zeros, IntegerBlocks blocks) {
        if (zeros instanceof Transposed turned) {
            return isCode(turned.source(), blocks);
        } else if (zeros instanceof Sliced sliced) {
            return isCode(sliced.source(), blocks);
        }
        return zeros instanceof Filled filled && filled.value() >= 0 && filled.value() <= blocks.largest()
                || bits(zeros) == blocks.bits() && !isSigned(zeros);
    }

    private static boolean isSigned(Weight codes) {
        return codes instanceof Unpacked unpacked && unpacked.signed()
                || codes instanceof Stored stored && stored.dtype() == DType.I8;
    }

    private static int bits(Weight codes) {
        if (codes instanceof Unpacked unpacked) {
            return unpacked.bits();
        }
        return codes instanceof Stored stored ? stored.dtype().bits() : 0;
    }
}
