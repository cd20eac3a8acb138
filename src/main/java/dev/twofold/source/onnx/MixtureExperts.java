package dev.twofold.source.onnx;

import dev.twofold.decoder.Activation;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.ArrayList;
import java.util.Arrays;
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
        APART(0),
        /** Row by row in turns. */
        TURNS(1),
        /** One after the other. */
        HALVES(2);

        /** What the operator calls it. */
        private final int fusion;

        Form(int fusion) {
            this.fusion = fusion;
        }
    }

    /** @param readers of an expert: its gate, if it has one, and up */
    private record Sizes(long experts, Form form, int readers, int width, long hidden) {

        /** Rows of the first matrix of an expert. */
        long joined() {
            return form == Form.APART ? width : 2L * width;
        }
    }

    /**
     * @param inner of the first matrices
     * @param third of the matrices beside them
     * @param outer of the last projections
     */
    private record Biases(ExpertBiases inner, ExpertBiases third, ExpertBiases outer) {

        /** Of the readers of an expert. */
        List<Optional<Weight>> before(int expert, Sizes sizes) {
            int width = sizes.width();
            boolean turns = sizes.form() == Form.TURNS;
            return sizes.form() == Form.APART
                    ? List.of(inner.ofExpert(expert, width), third.ofExpert(expert, width))
                    : List.of(inner.ofHalf(expert, width, turns, 0), inner.ofHalf(expert, width, turns, 1));
        }
    }

    /** Nothing if these are not so many experts, or not of such a form. */
    Optional<List<FeedForward>> read(long experts, long hidden, Activation activation) {
        Optional<Sizes> sizes = form().flatMap(form -> sizes(form, experts, hidden));
        return sizes.flatMap(known -> biases(known)
                .flatMap(biases -> readers(known)
                        .flatMap(readers -> matrix(at.second(), experts * hidden, known.width())
                                .map(writers -> all(known, readers, writers, biases, activation)))));
    }

    private boolean hasThird() {
        return call.input(at.third()).isPresent();
    }

    /** What the attributes say, if that is one thing. */
    private Optional<Form> form() {
        boolean joined = call.text("activation_type", "relu").equals("swiglu");
        long fusion = call.integer("swiglu_fusion", 0);
        return Arrays.stream(Form.values())
                .filter(form -> form.fusion == fusion)
                .filter(form -> form == Form.APART ? !joined : joined && !hasThird())
                .findFirst();
    }

    private Optional<Sizes> sizes(Form form, long experts, long hidden) {
        boolean apart = form == Form.APART;
        int readers = apart && !hasThird() ? 1 : 2;
        return shape(at.first())
                .filter(first -> first.dim(0) == experts && hasRows(at.second(), experts, hidden))
                .filter(first -> !hasThird() || hasRows(at.third(), experts, first.dim(1)))
                .map(first -> first.dim(1))
                .filter(rows -> rows <= Integer.MAX_VALUE && (apart || rows % 2 == 0))
                .map(rows -> new Sizes(experts, form, readers, (int) (apart ? rows : rows / 2), hidden));
    }

    private Optional<Biases> biases(Sizes sizes) {
        ExpertBiases inner = biases(at.firstBias(), sizes.experts(), sizes.joined());
        ExpertBiases third = biases(at.thirdBias(), sizes.experts(), sizes.width());
        ExpertBiases outer = biases(at.secondBias(), sizes.experts(), sizes.hidden());
        boolean fit =
                inner.known() && outer.known() && third.known() && (third.all().isEmpty() || hasThird());
        return fit ? Optional.of(new Biases(inner, third, outer)) : Optional.empty();
    }

    private ExpertBiases biases(int input, long experts, long rows) {
        return ExpertBiases.of(call, input, experts, rows, values);
    }

    private static List<FeedForward> all(
            Sizes sizes, List<Weight> readers, Weight writers, Biases biases, Activation activation) {
        List<FeedForward> all = new ArrayList<>();
        for (int i = 0; i < sizes.experts(); i++) {
            List<Optional<Weight>> before = biases.before(i, sizes);
            List<Linear> own = new ArrayList<>();
            for (int part = 0; part < sizes.readers(); part++) {
                own.add(new Linear(readers.get(i * sizes.readers() + part), before.get(part)));
            }
            all.add(new FeedForward(
                    sizes.readers() == 2 ? Optional.of(own.get(0)) : Optional.empty(),
                    own.get(sizes.readers() - 1),
                    new Linear(rows(writers, i, sizes.hidden()), biases.outer().ofExpert(i, sizes.hidden())),
                    activation));
        }
        return all;
    }

    /** Of one expert after the other. */
    private Optional<List<Weight>> readers(Sizes sizes) {
        Form form = sizes.form();
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
