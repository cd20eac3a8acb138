package dev.twofold.weight;

import dev.twofold.tensor.IntegerBlocks;
import dev.twofold.weight.Weight.Rounded;
import dev.twofold.weight.Weight.Sliced;
import dev.twofold.weight.Weight.Stacked;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Brings the rounding of an expression outermost, so that it can be stored in blocks: a part of a rounded matrix that is cut at
 * the edges of blocks is the part, rounded, and rounded matrices one after the other are all of them, rounded.
 */
public final class RoundedForm {

    private RoundedForm() {}

    /** Whether any part of an expression is rounded. */
    public static boolean isRounded(Weight weight) {
        return blocks(weight).findAny().isPresent();
    }

    /** The blocks that parts of an expression are rounded to, with repetitions. */
    public static Stream<IntegerBlocks> blocks(Weight weight) {
        return weight instanceof Rounded rounded
                ? Stream.of(rounded.blocks())
                : Weights.operands(weight).flatMap(RoundedForm::blocks);
    }

    /** The same numbers as one rounded matrix; nothing if they are not, or not of one kind of blocks, or cut inside of blocks. */
    public static Optional<Rounded> of(Weight weight) {
        if (weight instanceof Rounded rounded) {
            return Optional.of(rounded);
        } else if (weight instanceof Sliced sliced) {
            return of(sliced.source())
                    .filter(inner -> sliced.axis() == 0 || cutsAtEdges(sliced, inner))
                    .map(inner -> slice(inner, sliced.axis(), sliced.begin(), sliced.end()));
        } else if (weight instanceof Stacked stacked) {
            return stack(stacked.axis(), stacked.parts());
        }
        return Optional.empty();
    }

    /**
     * The rows of a matrix in as few rounded matrices as can be, one after the other.
     *
     * @return nothing if not all of it is rounded at the edges of blocks
     */
    public static Optional<List<Rounded>> rows(Weight weight) {
        List<Weight> parts =
                weight instanceof Stacked stacked && stacked.axis() == 0 ? stacked.parts() : List.of(weight);
        List<Rounded> rows = new ArrayList<>();
        for (Weight part : parts) {
            Optional<Rounded> own = of(part);
            if (own.isEmpty()) {
                return Optional.empty();
            }
            int last = rows.size() - 1;
            Optional<Rounded> joined = rows.isEmpty() ? Optional.empty() : stack(0, List.of(rows.get(last), own.get()));
            if (joined.isPresent()) {
                rows.set(last, joined.get());
            } else {
                rows.add(own.get());
            }
        }
        return Optional.of(rows);
    }

    private static boolean cutsAtEdges(Sliced sliced, Rounded inner) {
        boolean last = sliced.end() == inner.shape().dim(1);
        return inner.blocks().isEdge(sliced.begin()) && (last || inner.blocks().isEdge(sliced.end()));
    }

    private static Rounded slice(Rounded inner, int axis, long begin, long end) {
        return new Rounded(
                Weights.slice(inner.source(), axis, begin, end),
                inner.blocks(),
                inner.grid().slice(axis, begin, end, inner.blocks().size()));
    }

    private static Optional<Rounded> stack(int axis, List<Weight> parts) {
        List<Rounded> rounded =
                parts.stream().flatMap(part -> of(part).stream()).toList();
        if (rounded.size() < parts.size()) {
            return Optional.empty();
        }
        Rounded first = rounded.get(0);
        boolean fit = IntStream.range(0, parts.size())
                .allMatch(i -> rounded.get(i).blocks().equals(first.blocks())
                        && (axis == 0
                                || i == parts.size() - 1
                                || first.blocks().isEdge(rounded.get(i).shape().dim(1))));
        return fit
                ? first.grid()
                        .stacked(axis, rounded.stream().map(Rounded::grid).toList())
                        .map(grid -> new Rounded(
                                Weights.stack(
                                        axis,
                                        rounded.stream().map(Rounded::source).toList()),
                                first.blocks(),
                                grid))
                : Optional.empty();
    }
}
