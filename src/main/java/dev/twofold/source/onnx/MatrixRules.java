package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Call.MICROSOFT;

import dev.twofold.decoder.Linear;
import dev.twofold.source.onnx.Term.Constant;
import dev.twofold.source.onnx.Term.Numbers;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.List;
import java.util.Optional;

/** Products with constant matrices, rows of them, and how matrices are spelled. */
final class MatrixRules {

    static final List<Rule> ALL = List.of(
            new Rule("a product with a matrix", "MatMul", (call, values) -> product(call, false)),
            new Rule("a product with a matrix or its transpose", "Gemm", (call, values) -> gemm(call)),
            new Rule("a product that may transpose", MICROSOFT + "FusedMatMul", (call, values) -> fused(call)),
            new Rule("a product with a matrix in blocks", MICROSOFT + "MatMulNBits", (call, values) -> blocks(call)),
            new Rule("rows of a table", "Gather", (call, values) -> rows(call)),
            new Rule(
                    "rows of a table in blocks", MICROSOFT + "GatherBlockQuantized", (call, values) -> blockRows(call)),
            new Rule("a transposed matrix", "Transpose", (call, values) -> transposed(call)),
            new Rule("codes in another shape", "Reshape", (call, values) -> reshaped(call)),
            new Rule("numbers that codes stand for", "DequantizeLinear", (call, values) -> dequantized(call)));

    private MatrixRules() {}

    /** A matrix, but no vector. */
    static Optional<Weight> matrix(Call call, int input) {
        return call.input(input, Numbers.class)
                .map(Numbers::weight)
                .filter(weight -> weight.shape().rank() == 2);
    }

    private static Optional<Term> product(Call call, boolean transposed) {
        Optional<Value> x = call.input(0);
        Optional<Weight> matrix = matrix(call, 1).map(weight -> transposed ? weight : Weights.transpose(weight));
        return x.isPresent() && matrix.isPresent() ? projected(x.get(), matrix.get()) : Optional.empty();
    }

    /** @param matrix {@code [out, in]} */
    private static Optional<Term> projected(Value x, Weight matrix) {
        return x.width() == matrix.shape().dim(1)
                ? Optional.of(new Term.Projected(x, Linear.withoutBias(matrix)))
                : Optional.empty();
    }

    private static Optional<Term> gemm(Call call) {
        boolean plain = call.integer("transA", 0) == 0 && call.number("alpha", 1) == 1 && call.number("beta", 1) == 1;
        Optional<Term> product = plain ? product(call, call.integer("transB", 0) == 1) : Optional.empty();
        return biased(product, call, 2);
    }

    /** A product with what is added to it, if that is given. */
    private static Optional<Term> biased(Optional<Term> product, Call call, int input) {
        if (call.input(input).isEmpty()) {
            return product;
        }
        Optional<Weight> bias = call.input(input, Numbers.class).map(Numbers::weight);
        return product.map(Term.Projected.class::cast)
                .filter(made -> bias.filter(values ->
                                values.shape().equals(Shape.of(made.linear().outputs())))
                        .isPresent())
                .map(made ->
                        new Term.Projected(made.x(), new Linear(made.linear().weight(), bias)));
    }

    private static Optional<Term> fused(Call call) {
        boolean plain = call.integer("transA", 0) == 0
                && call.number("alpha", 1) == 1
                && call.integer("transBatchA", 0) == 0
                && call.integer("transBatchB", 0) == 0;
        return plain ? product(call, call.integer("transB", 0) == 1) : Optional.empty();
    }

    private static Optional<Term> blocks(Call call) {
        Optional<Weight> matrix = BlockMatrix.ofProduct(call);
        Optional<Term> product = call.input(0).flatMap(x -> matrix.flatMap(weight -> projected(x, weight)));
        return biased(product, call, 5);
    }

    private static Optional<Term> rows(Call call) {
        if (call.integer("axis", 0) != 0) {
            return Optional.empty();
        }
        return matrix(call, 0).flatMap(table -> ofTokens(table, call));
    }

    private static Optional<Term> blockRows(Call call) {
        return BlockMatrix.ofTable(call).flatMap(table -> ofTokens(table, call));
    }

    private static Optional<Term> ofTokens(Weight table, Call call) {
        if (call.input(1, Term.Input.class).filter(Roles::isIds).isPresent()) {
            return Optional.of(new Term.Rows(table));
        }
        return call.input(1).filter(Roles::isPositions).map(any -> new Term.Positions(table));
    }

    private static Optional<Term> transposed(Call call) {
        boolean swaps = !call.attributes().containsKey("perm")
                || call.attributes().get("perm").getIntsList().equals(List.of(1L, 0L));
        return swaps
                ? matrix(call, 0).map(weight -> new Numbers(Weights.transpose(weight), Optional.empty()))
                : Optional.empty();
    }

    private static Optional<Term> reshaped(Call call) {
        Optional<Constant> codes = call.input(0, Constant.class);
        Optional<List<Long>> dims = call.input(1, Term.Whole.class).map(Term.Whole::values);
        if (codes.isEmpty() || dims.isEmpty() || dims.get().stream().anyMatch(dim -> dim < 1)) {
            return Optional.empty();
        }
        Tensor tensor = codes.get().tensor();
        return divides(tensor.shape().elements(), dims.get())
                ? Optional.of(new Constant(tensor.reshaped(new Shape(dims.get()))))
                : Optional.empty();
    }

    /** Whether a shape has so many elements; what it is multiplied out to may be beyond any number. */
    private static boolean divides(long elements, List<Long> dims) {
        long left = elements;
        for (long dim : dims) {
            if (left % dim != 0) {
                return false;
            }
            left /= dim;
        }
        return left == 1;
    }

    private static Optional<Term> dequantized(Call call) {
        return BlockMatrix.ofStandard(call).map(weight -> new Numbers(weight, Optional.empty()));
    }
}
