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
import java.util.function.IntFunction;

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
        Optional<Weight> down = matrix(at.second(), experts * hidden, width);
        ExpertBiases inner = biases(at.firstBias(), experts, joined ? 2L * width : width);
        ExpertBiases other = biases(at.thirdBias(), experts, width);
        ExpertBiases outer = biases(at.secondBias(), experts, hidden);
        boolean known = inner.known() && outer.known() && other.known();
        if (!known || other.all().isPresent() && !third) {
            return Optional.empty();
        }
        IntFunction<List<Optional<Weight>>> before = expert -> form == Form.APART
                ? List.of(inner.ofExpert(expert, width), other.ofExpert(expert, width))
                : List.of(
                        inner.ofHalf(expert, width, form == Form.TURNS, 0),
                        inner.ofHalf(expert, width, form == Form.TURNS, 1));
        return readers(form, sizes)
                .flatMap(matrices -> down.map(writers -> all(sizes, matrices, before, writers, outer, activation)));
    }

    private ExpertBiases biases(int input, long experts, long rows) {
        return ExpertBiases.of(call, input, experts, rows, values);
    }

    private static List<FeedForward> all(
            Sizes sizes,
            List<Weight> readers,
            IntFunction<List<Optional<Weight>>> before,
            Weight writers,
            ExpertBiases after,
            Activation activation) {
        List<FeedForward> all = new ArrayList<>();
        for (int i = 0; i < sizes.experts(); i++) {
            List<Linear> own = new ArrayList<>();
            for (int part = 0; part < sizes.readers(); part++) {
                own.add(new Linear(
                        readers.get(i * sizes.readers() + part), before.apply(i).get(part)));
            }
            all.add(new FeedForward(
                    sizes.readers() == 2 ? Optional.of(own.get(0)) : Optional.empty(),
                    own.get(sizes.readers() - 1),
                    new Linear(rows(writers, i, sizes.hidden()), after.ofExpert(i, sizes.hidden())),
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
