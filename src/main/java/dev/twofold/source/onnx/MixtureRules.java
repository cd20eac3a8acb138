package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Call.MICROSOFT;

import dev.twofold.decoder.Activation;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Routing;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Mixtures of experts that are one operator, which has the matrices of all experts one after the other. */
final class MixtureRules {

    static final List<Rule> ALL = List.of(
            new Rule(
                    "a mixture of experts",
                    MICROSOFT + "MoE",
                    (call, values) -> mixture(call, values, new Places(2, 3, 4, 5, 6, 7, 8), Matrices.NUMBERS)),
            new Rule(
                    "a mixture of experts in blocks",
                    MICROSOFT + "QMoE",
                    (call, values) -> mixture(call, values, new Places(2, 4, 5, 7, 8, 10, 14), Matrices.BLOCKS)));

    /**
     * Where the inputs of an operator are.
     *
     * @param rest those that are not read
     */
    private record Places(int first, int firstBias, int second, int secondBias, int third, int thirdBias, int rest) {}

    /** How the matrices of all experts are read: {@code [experts * rows, columns]}. */
    private enum Matrices {
        NUMBERS,
        BLOCKS
    }

    private static final Set<String> READ = Set.of(
            "k",
            "normalize_routing_weights",
            "activation_type",
            "activation_alpha",
            "activation_beta",
            "swiglu_limit",
            "swiglu_fusion",
            "quant_type",
            "expert_weight_bits",
            "block_size");

    /** What other attributes are, if they change nothing. */
    private static final Map<String, Double> SILENT = Map.of(
            "use_sparse_mixer", 0.0,
            "weights_prepacked", 0.0);

    private static final long MOST = 1 << 14;

    private MixtureRules() {}

    private static boolean isPlain(Call call) {
        return call.output() == 0
                && call.text("quant_type", "int").equals("int")
                && call.attributes().entrySet().stream()
                        .filter(entry -> !READ.contains(entry.getKey()))
                        .allMatch(entry -> {
                            double said = entry.getValue().hasF()
                                    ? entry.getValue().getF()
                                    : entry.getValue().getI();
                            return Double.valueOf(said).equals(SILENT.get(entry.getKey()));
                        });
    }

    private static Optional<Term> mixture(Call call, Values values, Places at, Matrices kind) {
        Optional<Value> x = call.input(0).filter(value -> value.width() > 0);
        Optional<Value> router = call.input(1).filter(value -> value.width() > 0 && value.width() <= MOST);
        Optional<Activation> activation = ExpertActivation.of(call);
        long chosen = call.integer("k", 1);
        boolean rest = call.inputs().stream().skip(at.rest).allMatch(Optional::isEmpty);
        if (!isPlain(call) || !rest || x.isEmpty() || router.isEmpty() || activation.isEmpty()) {
            return Optional.empty();
        }
        long experts = router.get().width();
        boolean normed = call.integer("normalize_routing_weights", 0) == 1;
        // The runtime divides those of QMoE by their sum, even if the file says that they are not.
        boolean fits = chosen > 0 && chosen <= experts && (normed || kind == Matrices.NUMBERS);
        return experts(new Operands(call, values, at, kind), experts, x.get().width(), activation.get())
                .filter(all -> fits)
                .map(all -> new Term.Mixture(x.get(), router.get(), Routing.softmax((int) chosen, normed), all));
    }

    /** The matrices and biases of all experts, as an operator is given them. */
    private record Operands(Call call, Values values, Places at, Matrices kind) {

        private ExpertBiases biases(int input, long experts, long rows) {
            return ExpertBiases.of(call, input, experts, rows, values);
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

    private static Optional<List<FeedForward>> experts(Operands of, long experts, long hidden, Activation activation) {
        Call call = of.call;
        Places at = of.at;
        long form = call.integer("swiglu_fusion", 0);
        boolean joined = call.text("activation_type", "relu").equals("swiglu");
        boolean third = call.input(at.third).isPresent();
        Optional<Shape> first = of.shape(at.first).filter(shape -> shape.dim(0) == experts);
        boolean rowsFit = first.filter(shape -> of.hasRows(at.second, experts, hidden)
                        && (!third || of.hasRows(at.third, experts, shape.dim(1))))
                .isPresent();
        if (first.isEmpty() || !rowsFit || joined != (form == 1 || form == 2) || joined && third) {
            return Optional.empty();
        }
        long rows = first.get().dim(1);
        long width = joined ? rows / 2 : rows;
        // Where rows of gate and up take turns, two rows are one of twice as many columns.
        boolean turns = form == 1;
        Optional<Weight> up =
                of.matrix(at.first, turns ? experts * width : experts * rows, turns ? 2 * hidden : hidden);
        Optional<Weight> down = of.matrix(at.second, experts * hidden, width);
        Optional<Weight> other = third ? of.matrix(at.third, experts * width, hidden) : up;
        if (width * (joined ? 2 : 1) != rows || up.isEmpty() || down.isEmpty() || other.isEmpty()) {
            return Optional.empty();
        }
        ExpertBiases upBias = of.biases(at.firstBias, experts, rows);
        ExpertBiases downBias = of.biases(at.secondBias, experts, hidden);
        ExpertBiases otherBias = of.biases(at.thirdBias, experts, width);
        if (!upBias.known()
                || !downBias.known()
                || !otherBias.known()
                || otherBias.all().isPresent() && !third) {
            return Optional.empty();
        }
        List<FeedForward> all = new ArrayList<>();
        for (int i = 0; i < experts; i++) {
            Weight own = Weights.slice(down.get(), 0, i * hidden, (i + 1) * hidden);
            Cut cut = new Cut(i, width, hidden);
            Linear gate = joined
                    ? new Linear(
                            turns ? cut.columns(up.get(), 0) : cut.rows(up.get(), 2, 0),
                            upBias.ofHalf(i, width, turns, 0))
                    : new Linear(cut.rows(up.get(), 1, 0), upBias.ofExpert(i, width));
            Linear inner = joined
                    ? new Linear(
                            turns ? cut.columns(up.get(), hidden) : cut.rows(up.get(), 2, 1),
                            upBias.ofHalf(i, width, turns, 1))
                    : third ? new Linear(cut.rows(other.get(), 1, 0), otherBias.ofExpert(i, width)) : gate;
            all.add(new FeedForward(
                    Optional.of(gate).filter(any -> joined || third),
                    inner,
                    new Linear(own, downBias.ofExpert(i, hidden)),
                    activation));
        }
        return Optional.of(all);
    }

    /** The rows of one expert. */
    private record Cut(int expert, long width, long hidden) {

        /** @param each matrices that an expert has one after the other, of which {@code place} is meant */
        private Weight rows(Weight all, int each, int place) {
            long from = ((long) expert * each + place) * width;
            return Weights.slice(all, 0, from, from + width);
        }

        private Weight columns(Weight all, long from) {
            return Weights.slice(Weights.slice(all, 0, expert * width, (expert + 1) * width), 1, from, from + hidden);
        }
    }
}
