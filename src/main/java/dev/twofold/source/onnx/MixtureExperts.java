package dev.twofold.source.onnx;

import dev.twofold.decoder.Activation;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The experts of an operator that has the matrices of all of them one after the other. */
record MixtureExperts(Call call, Values values, Places at, Matrices kind) {

    /**
     * Where the inputs of an operator are.
     *
     * @param rest those that are not read
     */
    record Places(int first, int firstBias, int second, int secondBias, int third, int thirdBias, int rest) {}

    /** How the matrices of all experts are read: {@code [experts * rows, columns]}. */
    enum Matrices {
        NUMBERS,
        BLOCKS
    }

    /** Where the gate and up of an expert are. */
    private enum Form {
        /** In matrices of their own, if there is a gate. */
        APART,
        /** Row by row in turns. */
        TURNS,
        /** One after the other. */
        HALVES
    }

    /** @param readers of an expert: its gate, if it has one, and up */
    private record Sizes(long experts, int readers, int width, long hidden) {}

    /** Nothing if these are not so many experts, or not of such a form. */
    Optional<List<FeedForward>> read(long experts, long hidden, Activation activation) {
        long fusion = call.integer("swiglu_fusion", 0);
        boolean joined = call.text("activation_type", "relu").equals("swiglu");
        boolean third = call.input(at.third()).isPresent();
        Form form = fusion == 1 ? Form.TURNS : fusion == 2 ? Form.HALVES : Form.APART;
        Optional<Shape> first = shape(at.first()).filter(shape -> shape.dim(0) == experts);
        boolean fits = joined == (form != Form.APART)
                && !(joined && third)
                && fusion >= 0
                && fusion <= 2
                && hasRows(at.second(), experts, hidden)
                && first.filter(shape -> (!third || hasRows(at.third(), experts, shape.dim(1)))
                                && shape.dim(1) % (joined ? 2 : 1) == 0
                                && shape.dim(1) <= Integer.MAX_VALUE)
                        .isPresent();
        if (!fits) {
            return Optional.empty();
        }
        int width = (int) (first.orElseThrow().dim(1) / (joined ? 2 : 1));
        Sizes sizes = new Sizes(experts, joined || third ? 2 : 1, width, hidden);
        Optional<List<Weight>> readers = readers(form, sizes);
        Optional<Weight> down = matrix(at.second(), experts * hidden, width);
        Optional<Biases> outer = biases(at.secondBias(), experts * hidden);
        Optional<Biases> inner = biases(at.firstBias(), (joined ? 2 : 1) * experts * width)
                .filter(found -> joined || found.all().isEmpty())
                .map(found -> form == Form.TURNS ? found.parted(width) : found);
        boolean none = biases(at.thirdBias(), experts * width)
                .filter(found -> found.all().isEmpty())
                .isPresent();
        return readers.filter(any -> none)
                .flatMap(matrices -> down.flatMap(writers -> inner.flatMap(
                        before -> outer.map(after -> all(sizes, before.of(matrices), after, writers, activation)))));
    }

    private static List<FeedForward> all(
            Sizes sizes, List<Linear> readers, Biases after, Weight writers, Activation activation) {
        List<FeedForward> all = new ArrayList<>();
        for (int i = 0; i < sizes.experts(); i++) {
            List<Linear> own = readers.subList(i * sizes.readers(), (i + 1) * sizes.readers());
            Linear down = new Linear(rows(writers, i, sizes.hidden()), after.rows(i, sizes.hidden()));
            all.add(new FeedForward(
                    sizes.readers() == 2 ? Optional.of(own.get(0)) : Optional.empty(),
                    own.get(sizes.readers() - 1),
                    down,
                    activation));
        }
        return all;
    }

    /** Of one expert after the other. */
    private Optional<List<Weight>> readers(Form form, Sizes sizes) {
        long rows = sizes.experts() * sizes.width();
        long hidden = sizes.hidden();
        List<Weight> all = new ArrayList<>();
        if (form == Form.APART) {
            Optional<Weight> first = matrix(at.first(), rows, hidden);
            Optional<Weight> third = sizes.readers() == 2 ? matrix(at.third(), rows, hidden) : first;
            for (int i = 0; i < sizes.experts() && first.isPresent() && third.isPresent(); i++) {
                all.add(rows(first.get(), i, sizes.width()));
                if (sizes.readers() == 2) {
                    all.add(rows(third.get(), i, sizes.width()));
                }
            }
        } else if (form == Form.HALVES) {
            Optional<Weight> both = matrix(at.first(), 2 * rows, hidden);
            for (int i = 0; i < 2 * sizes.experts() && both.isPresent(); i++) {
                all.add(rows(both.get(), i, sizes.width()));
            }
        } else {
            // Two rows that take turns are one of twice as many columns.
            Optional<Weight> both = matrix(at.first(), rows, 2 * hidden);
            for (int i = 0; i < sizes.experts() && both.isPresent(); i++) {
                Weight own = rows(both.get(), i, sizes.width());
                all.add(Weights.slice(own, 1, 0, hidden));
                all.add(Weights.slice(own, 1, hidden, 2 * hidden));
            }
        }
        return all.isEmpty() ? Optional.empty() : Optional.of(all);
    }

    private static Weight rows(Weight all, long place, long count) {
        return Weights.slice(all, 0, place * count, (place + 1) * count);
    }

    /** Those of all experts, one after the other; none if they are zero. */
    private record Biases(Optional<Weight> all) {

        private Optional<Weight> rows(long place, long count) {
            return all.map(values -> MixtureExperts.rows(values, place, count));
        }

        /** Those that take turns, one after the other. */
        private Biases parted(int width) {
            return new Biases(all.map(values -> Weights.weave(values, width, 2)));
        }

        private List<Linear> of(List<Weight> matrices) {
            List<Linear> linears = new ArrayList<>();
            for (int i = 0; i < matrices.size(); i++) {
                Weight matrix = matrices.get(i);
                linears.add(new Linear(matrix, rows(i, matrix.shape().dim(0))));
            }
            return linears;
        }
    }

    /** Exporters give biases to models that have none. */
    private Optional<Biases> biases(int input, long count) {
        if (call.input(input).isEmpty()) {
            return Optional.of(new Biases(Optional.empty()));
        }
        Optional<Weight> found = call.input(input, Term.Numbers.class)
                .map(numbers -> Constants.simplest(flat(numbers.weight()), values));
        if (found.filter(weight -> weight instanceof Weight.Filled filled && filled.value() == 0)
                .isPresent()) {
            return Optional.of(new Biases(Optional.empty()));
        }
        return found.filter(weight -> kind == Matrices.NUMBERS && weight.shape().equals(Shape.of(count)))
                .map(weight -> new Biases(Optional.of(weight)));
    }

    private static Weight flat(Weight weight) {
        Shape vector = Shape.of(weight.shape().elements());
        if (weight instanceof Weight.Stored stored) {
            return new Weight.Stored(stored.file(), stored.name(), stored.offset(), stored.dtype(), vector);
        }
        return weight instanceof Weight.Filled filled ? new Weight.Filled(vector, filled.value()) : weight;
    }

    /** Whether the matrix of each expert has so many; columns follow from how many elements there are. */
    private boolean hasRows(int input, long experts, long rows) {
        return shape(input)
                .filter(shape -> shape.dim(0) == experts && shape.dim(1) == rows)
                .isPresent();
    }

    private Optional<Shape> shape(int input) {
        return call.input(input, Term.Constant.class)
                .map(constant -> constant.tensor().shape())
                .filter(shape -> shape.rank() == 3);
    }

    private Optional<Weight> matrix(int input, long rows, long columns) {
        if (rows < 1 || columns < 1 || rows > Integer.MAX_VALUE || columns > Integer.MAX_VALUE) {
            return Optional.empty();
        }
        if (kind == Matrices.BLOCKS) {
            return BlockMatrix.ofExperts(call, input, rows, columns);
        }
        return call.input(input, Term.Constant.class)
                .flatMap(constant -> Constants.reshaped(constant, Shape.of(rows, columns)))
                .map(Term.Numbers::weight);
    }
}
