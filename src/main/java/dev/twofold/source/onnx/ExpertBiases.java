package dev.twofold.source.onnx;

import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.Weight.Stored;
import dev.twofold.weight.Weights;
import java.util.Optional;

/**
 * An operand with a bias for each row of the matrices of all experts.
 *
 * @param all {@code [experts * rows]}; none if there are none, or nothing but zeros, which exporters give to models without biases
 * @param known whether the operand is that, and nothing else
 */
record ExpertBiases(Optional<Weight> all, boolean known) {

    /** @param rows that an expert has */
    static ExpertBiases of(Call call, int input, long experts, long rows, Values values) {
        if (call.input(input).isEmpty()) {
            return new ExpertBiases(Optional.empty(), true);
        }
        Optional<Weight> flat = call.input(input, Term.Numbers.class)
                .map(Term.Numbers::weight)
                .filter(weight -> weight.shape().equals(Shape.of(experts, rows)))
                .flatMap(ExpertBiases::flat)
                .map(weight -> Constants.simplest(weight, values));
        return new ExpertBiases(flat.filter(weight -> !isZero(weight)), flat.isPresent());
    }

    private static Optional<Weight> flat(Weight weight) {
        Shape flat = Shape.of(weight.shape().elements());
        if (weight instanceof Filled filled) {
            return Optional.of(new Filled(flat, filled.value()));
        }
        return weight instanceof Stored stored
                ? Optional.of(new Stored(stored.file(), stored.name(), stored.offset(), stored.dtype(), flat))
                : Optional.empty();
    }

    private static boolean isZero(Weight weight) {
        return weight instanceof Filled filled && filled.value() == 0;
    }

    /** Those of an expert. */
    Optional<Weight> ofExpert(int expert, long rows) {
        return all.map(weight -> Weights.slice(weight, 0, expert * rows, (expert + 1) * rows));
    }

    /**
     * Those of one of two matrices of an expert, of {@code width} rows each.
     *
     * @param turns whether the rows of both take turns
     * @param place 0 for the first
     */
    Optional<Weight> ofHalf(int expert, long width, boolean turns, int place) {
        return ofExpert(expert, 2 * width)
                .map(both -> turns ? Weights.weave(both, Math.toIntExact(width), 2) : both)
                .map(both -> Weights.slice(both, 0, place * width, (place + 1) * width));
    }
}
