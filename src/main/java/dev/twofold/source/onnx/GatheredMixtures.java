package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Rule.spelled;

import dev.twofold.decoder.Activation;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Routing;
import dev.twofold.source.onnx.Pattern.Captures;
import dev.twofold.source.onnx.Term.Constant;
import dev.twofold.source.onnx.Term.Mixture;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * How PyTorch exports the mixtures of transformers, if they are told to multiply in batches: the matrices of the chosen experts are
 * gathered for every token, multiplied, and what they make is added, each times its share.
 */
final class GatheredMixtures {

    private static final String CHOSEN = "TopK{axis=-1,largest=1,sorted=1}:%d(?p, ?=k)";

    /** The same tokens as often as they have experts. */
    private static final String TOKENS = "Reshape(Expand(Unsqueeze(?x, =1), ?=times), ?=flat)";

    private static final String EXPERTS = "Unsqueeze(Reshape{allowzero=1}(" + String.format(CHOSEN, 1) + ", =-1), =-1)";

    private static final String FIRST = product("up", TOKENS);
    private static final String GATE = "Split{axis=1,num_outputs=2}(" + FIRST + ")";
    private static final String UP = "Split{axis=1,num_outputs=2}:1(" + FIRST + ")";
    private static final String SECOND = product("down", "Mul(Mul(" + GATE + ", Sigmoid(" + GATE + ")), " + UP + ")");

    private static final String SCORES = String.format(CHOSEN, 0);
    private static final String PARTS = "Div(" + SCORES + ", ReduceSum{keepdims=1}(" + SCORES + ", =-1))";

    static final List<Rule> ALL = List.of(
            spelled("gathered experts by their scores", sum(SCORES), captures -> mixture(captures, false)),
            spelled("gathered experts by parts of a sum", sum(PARTS), captures -> mixture(captures, true)));

    private GatheredMixtures() {}

    private static String product(String matrices, String x) {
        return "Squeeze(MatMul(GatherND{batch_dims=0}(?" + matrices + ", " + EXPERTS + "), Unsqueeze(" + x
                + ", =-1)), =-1)";
    }

    private static String sum(String shares) {
        return "ReduceSum{keepdims=0}(Reshape{allowzero=1}(Mul(" + SECOND + ", Unsqueeze(Reshape{allowzero=1}(" + shares
                + ", =-1), =-1)), ?=parted), =1)";
    }

    private static Optional<Term> mixture(Captures captures, boolean normed) {
        Value x = captures.value("x");
        long hidden = x.width();
        long chosen = captures.whole("k").size() == 1 ? captures.whole("k").get(0) : 0;
        Optional<Shape> up = shape(captures, "up")
                .filter(shape -> shape.dim(2) == hidden && shape.dim(1) > 0 && shape.dim(1) % 2 == 0);
        boolean repeats = captures.whole("times").equals(List.of(1L, chosen, 1L))
                && captures.whole("flat").equals(List.of(-1L, hidden))
                && captures.whole("parted").equals(List.of(-1L, chosen, hidden));
        if (hidden < 1 || up.isEmpty() || !repeats) {
            return Optional.empty();
        }
        long experts = up.get().dim(0);
        long width = up.get().dim(1) / 2;
        boolean fits = chosen > 0
                && chosen <= experts
                && shape(captures, "down").equals(Optional.of(Shape.of(experts, hidden, width)));
        Optional<Weight> readers = rows(captures, "up", experts * 2 * width, hidden);
        Optional<Weight> writers = rows(captures, "down", experts * hidden, width);
        return MixtureSpellings.routerOf(captures.value("p"), Routing.Score.SOFTMAX)
                .filter(router -> fits && router.width() == experts)
                .flatMap(router -> readers.flatMap(first -> writers.map(second -> new Mixture(
                        x,
                        router,
                        Routing.softmax((int) chosen, normed),
                        LongStream.range(0, experts)
                                .mapToObj(expert -> expert(first, second, expert, width, hidden))
                                .toList()))));
    }

    private static FeedForward expert(Weight readers, Weight writers, long expert, long width, long hidden) {
        long gate = expert * 2 * width;
        return new FeedForward(
                Optional.of(rows(readers, gate, gate + width)),
                rows(readers, gate + width, gate + 2 * width),
                rows(writers, expert * hidden, (expert + 1) * hidden),
                Activation.Plain.SILU);
    }

    private static Linear rows(Weight matrix, long from, long to) {
        return Linear.withoutBias(Weights.slice(matrix, 0, from, to));
    }

    private static Optional<Shape> shape(Captures captures, String name) {
        return captures.value(name)
                .as(Constant.class)
                .map(constant -> constant.tensor().shape())
                .filter(shape -> shape.rank() == 3);
    }

    private static Optional<Weight> rows(Captures captures, String name, long rows, long columns) {
        return captures.value(name)
                .as(Constant.class)
                .flatMap(constant -> Constants.reshaped(constant, Shape.of(rows, columns)))
                .map(Term.Numbers::weight);
    }
}
