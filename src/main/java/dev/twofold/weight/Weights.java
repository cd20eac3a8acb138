package dev.twofold.weight;

import dev.twofold.diag.Origin;
import dev.twofold.diag.PlainName;
import dev.twofold.weight.Weight.Applied;
import dev.twofold.weight.Weight.BlockTensor;
import dev.twofold.weight.Weight.ColumnSizes;
import dev.twofold.weight.Weight.Combined;
import dev.twofold.weight.Weight.Computed;
import dev.twofold.weight.Weight.Dequantized;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.Weight.NestedScales;
import dev.twofold.weight.Weight.Nibbles;
import dev.twofold.weight.Weight.OnDisk;
import dev.twofold.weight.Weight.Product;
import dev.twofold.weight.Weight.Reciprocal;
import dev.twofold.weight.Weight.Rounded;
import dev.twofold.weight.Weight.Scaled;
import dev.twofold.weight.Weight.Sliced;
import dev.twofold.weight.Weight.Stacked;
import dev.twofold.weight.Weight.Tensor;
import dev.twofold.weight.Weight.Transposed;
import dev.twofold.weight.Weight.Unpacked;
import dev.twofold.weight.Weight.Woven;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Builds weight expressions in their simplest form, and walks them. */
public final class Weights {

    private Weights() {}

    /** Parts along an axis; nested stacks along the same axis become one. */
    public static Weight stack(int axis, List<Weight> parts) {
        List<Weight> flat = new ArrayList<>();
        for (Weight part : parts) {
            if (part instanceof Stacked inner && inner.axis() == axis) {
                flat.addAll(inner.parts());
            } else {
                flat.add(part);
            }
        }
        return flat.size() == 1 ? flat.get(0) : new Stacked(axis, flat);
    }

    /** A slice; one that covers whole parts of a stack is the stack of those parts. */
    public static Weight slice(Weight source, int axis, long begin, long end) {
        if (begin == 0 && end == source.shape().dim(axis)) {
            return source;
        }
        if (source instanceof Stacked stacked && stacked.axis() == axis) {
            Optional<Weight> whole = wholeParts(stacked, begin, end);
            if (whole.isPresent()) {
                return whole.get();
            }
        }
        return new Sliced(source, axis, begin, end);
    }

    private static Optional<Weight> wholeParts(Stacked stacked, long begin, long end) {
        List<Weight> inside = new ArrayList<>();
        long at = 0;
        for (Weight part : stacked.parts()) {
            long next = at + part.shape().dim(stacked.axis());
            boolean outside = next <= begin || at >= end;
            if (!outside && (at < begin || next > end)) {
                return Optional.empty();
            }
            if (!outside) {
                inside.add(part);
            }
            at = next;
        }
        return inside.isEmpty() ? Optional.empty() : Optional.of(stack(stacked.axis(), inside));
    }

    /** The transpose; transposing twice is the weight itself. */
    public static Weight transpose(Weight source) {
        return source instanceof Transposed inner ? inner.source() : new Transposed(source);
    }

    /** Strands woven into one another; weaving back what was woven is the weight itself. */
    public static Weight weave(Weight source, int strands, int length) {
        if (strands == 1 || length == 1) {
            return source;
        }
        boolean back = source instanceof Woven inner && inner.strands() == length && inner.length() == strands;
        return back ? ((Woven) source).source() : new Woven(source, strands, length);
    }

    /** A weight times a number. */
    public static Weight times(Weight source, double factor) {
        return factor == 1 ? source : new Combined(List.of(source), List.of((float) factor));
    }

    /** The plain sum of weights of one shape. */
    public static Weight sum(List<Weight> parts) {
        return parts.size() == 1 ? parts.get(0) : new Combined(parts, Collections.nCopies(parts.size(), 1f));
    }

    /** The arithmetic mean of weights of one shape. */
    public static Weight mean(List<Weight> parts) {
        return parts.size() == 1
                ? parts.get(0)
                : new Combined(parts, Collections.nCopies(parts.size(), 1f / parts.size()));
    }

    /** Every tensor of a checkpoint in an expression, in order, with repetitions. */
    public static Stream<Tensor> tensors(Weight weight) {
        if (weight instanceof Tensor tensor) {
            return Stream.of(tensor);
        }
        return operands(weight).flatMap(Weights::tensors);
    }

    /** The expressions directly under this one; scales and zeros that a rounded one was given are not among them. */
    public static Stream<Weight> operands(Weight weight) {
        if (weight instanceof Stacked stacked) {
            return stacked.parts().stream();
        } else if (weight instanceof Sliced sliced) {
            return Stream.of(sliced.source());
        } else if (weight instanceof Transposed transposed) {
            return Stream.of(transposed.source());
        } else if (weight instanceof Woven woven) {
            return Stream.of(woven.source());
        } else if (weight instanceof Scaled scaled) {
            return Stream.of(scaled.source(), scaled.vector());
        } else if (weight instanceof Combined combined) {
            return combined.parts().stream();
        } else if (weight instanceof Applied applied) {
            return Stream.of(applied.matrix(), applied.vector());
        } else if (weight instanceof ColumnSizes sizes) {
            return sizes.matrices().stream();
        } else if (weight instanceof Reciprocal reciprocal) {
            return Stream.of(reciprocal.vector());
        } else if (weight instanceof Rounded rounded) {
            return Stream.of(rounded.source());
        } else if (weight instanceof BlockTensor tensor) {
            return Stream.of(tensor.matrix());
        } else if (weight instanceof Product product) {
            return Stream.of(product.left(), product.right());
        } else if (weight instanceof Unpacked unpacked) {
            return Stream.of(unpacked.words());
        } else if (weight instanceof Nibbles nibbles) {
            return Stream.of(nibbles.bytes());
        } else if (weight instanceof NestedScales nested) {
            return Stream.of(nested.codes(), nested.numbers(), nested.outer());
        } else if (weight instanceof Dequantized quantized) {
            return Stream.of(
                            Stream.of(quantized.codes(), quantized.scales()),
                            quantized.zeros().stream(),
                            quantized.groups().stream())
                    .flatMap(operands -> operands);
        }
        return Stream.empty();
    }

    /**
     * An element of a tensor.
     *
     * @param row in the tensor seen as a matrix, from 0
     * @param column likewise
     */
    public record Element(OnDisk tensor, long row, long column) {

        /** {@code model.safetensors, tensor x, element [3, 5]}. */
        public String describe() {
            String place = tensor.shape().rank() == 2 ? row + ", " + column : String.valueOf(column);
            return Origin.tensor(tensor.file(), tensor.name()).describe() + ", element [" + place + "]";
        }
    }

    /** The element of a tensor that the element at a row and column comes from, if it comes from one. */
    public static Optional<Element> at(Weight weight, long row, long column) {
        if (weight instanceof OnDisk tensor) {
            return Optional.of(new Element(tensor, row, column));
        } else if (weight instanceof Transposed transposed) {
            return at(transposed.source(), column, row);
        } else if (weight instanceof Woven woven) {
            boolean rows = byRows(woven.shape().rank(), 0);
            return at(
                    woven.source(),
                    rows ? WovenTiles.source(woven, row) : row,
                    rows ? column : WovenTiles.source(woven, column));
        } else if (weight instanceof Scaled scaled) {
            return at(scaled.source(), row, column);
        } else if (weight instanceof Rounded rounded) {
            return at(rounded.source(), row, column);
        } else if (weight instanceof Applied applied) {
            return at(applied.matrix(), column, 0);
        } else if (weight instanceof ColumnSizes sizes) {
            return at(sizes.matrices().get(0), 0, column);
        } else if (weight instanceof Reciprocal reciprocal) {
            return at(reciprocal.vector(), row, column);
        } else if (weight instanceof Product product) {
            return at(product.left(), row, 0);
        } else if (weight instanceof Dequantized quantized) {
            return at(quantized.codes(), row, column);
        } else if (weight instanceof Unpacked unpacked) {
            boolean rows = unpacked.axis() == 0;
            return at(unpacked.words(), rows ? row / unpacked.each() : row, rows ? column : column / unpacked.each());
        } else if (weight instanceof Nibbles nibbles) {
            return at(nibbles.bytes(), row, column / 2);
        } else if (weight instanceof Combined combined) {
            return at(combined.parts().get(0), row, column);
        } else if (weight instanceof Sliced sliced) {
            boolean rows = byRows(sliced.shape().rank(), sliced.axis());
            return at(sliced.source(), rows ? row + sliced.begin() : row, rows ? column : column + sliced.begin());
        } else if (weight instanceof Stacked stacked) {
            boolean rows = byRows(stacked.shape().rank(), stacked.axis());
            long position = rows ? row : column;
            for (Weight part : stacked.parts()) {
                long extent = part.shape().dim(stacked.axis());
                if (position < extent) {
                    return at(part, rows ? position : row, rows ? column : position);
                }
                position -= extent;
            }
        }
        return Optional.empty();
    }

    /** Whether an axis runs along the rows of the matrix view; a vector is one row, so its only axis does not. */
    static boolean byRows(int rank, int axis) {
        return rank == 2 && axis == 0;
    }

    /** One line that shows an expression's structure and the tensors in it. */
    public static String describe(Weight weight) {
        if (weight instanceof Tensor tensor) {
            return tensor.name();
        } else if (weight instanceof Filled filled) {
            return "fill(" + filled.value() + ")";
        } else if (weight instanceof Computed computed) {
            return computed.rows().name();
        }
        if (weight instanceof Stacked stacked
                && stacked.parts().stream().distinct().count() == 1) {
            return "repeat(" + describe(stacked.parts().get(0)) + ", "
                    + stacked.parts().size() + ")";
        }
        String operands =
                String.join(", ", operands(weight).map(Weights::describe).toList());
        if (weight instanceof Stacked stacked) {
            return "stack" + stacked.axis() + "(" + operands + ")";
        } else if (weight instanceof Sliced sliced) {
            return "slice" + sliced.axis() + "(" + operands + ", " + sliced.begin() + ":" + sliced.end() + ")";
        } else if (weight instanceof Transposed) {
            return "transpose(" + operands + ")";
        } else if (weight instanceof Woven woven) {
            return "weave" + woven.strands() + "(" + operands + ")";
        } else if (weight instanceof Scaled scaled) {
            return "scale" + scaled.axis() + "(" + operands + ")";
        } else if (weight instanceof Applied) {
            return "apply(" + operands + ")";
        } else if (weight instanceof ColumnSizes) {
            return "column-sizes(" + operands + ")";
        } else if (weight instanceof Reciprocal) {
            return "reciprocal(" + operands + ")";
        } else if (weight instanceof Rounded rounded) {
            return rounded.blocks() + "(" + operands + ")";
        } else if (weight instanceof BlockTensor tensor) {
            return PlainName.of(tensor.part()) + "(" + operands + ")";
        } else if (weight instanceof Product) {
            return "product(" + operands + ")";
        } else if (weight instanceof Unpacked unpacked) {
            return "unpack" + unpacked.bits() + "(" + operands + ")";
        } else if (weight instanceof Nibbles nibbles) {
            return PlainName.of(nibbles.numbers()) + "(" + operands + ")";
        } else if (weight instanceof NestedScales) {
            return "nested-scales(" + operands + ")";
        } else if (weight instanceof Dequantized) {
            return "dequantize(" + operands + ")";
        }
        return "combine(" + operands + ")";
    }

    static void requireStackable(int axis, List<Weight> parts) {
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("a stack of nothing");
        }
        for (Weight part : parts) {
            if (axis >= part.shape().rank()
                    || !part.shape().with(axis, 0).equals(parts.get(0).shape().with(axis, 0))) {
                throw new IllegalArgumentException(
                        "cannot stack " + part.shape() + " on " + parts.get(0).shape() + " along axis " + axis);
            }
        }
    }

    static void requireSameShape(List<Weight> parts) {
        for (Weight part : parts) {
            if (!part.shape().equals(parts.get(0).shape())) {
                throw new IllegalArgumentException(
                        "cannot add " + part.shape() + " to " + parts.get(0).shape());
            }
        }
    }
}
