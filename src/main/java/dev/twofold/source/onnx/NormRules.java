package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Call.MICROSOFT;

import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Norm.Kind;
import dev.twofold.source.onnx.Term.Numbers;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import java.util.List;
import java.util.Optional;

/** Norms that are one operator. */
final class NormRules {

    private static final double EPSILON = 1e-5;
    private static final double SKIP_EPSILON = 1e-12;

    static final List<Rule> ALL = List.of(
            new Rule(
                    "RMS norm of the runtime",
                    "SimplifiedLayerNormalization",
                    (call, values) -> norm(call, Kind.RMS, values)),
            new Rule("RMS norm", "RMSNormalization", (call, values) -> norm(call, Kind.RMS, values)),
            new Rule("layer norm", "LayerNormalization", (call, values) -> norm(call, Kind.LAYER, values)),
            new Rule(
                    "RMS norm of a sum",
                    MICROSOFT + "SkipSimplifiedLayerNormalization",
                    (call, values) -> skip(call, Kind.RMS, values)),
            new Rule(
                    "layer norm of a sum",
                    MICROSOFT + "SkipLayerNormalization",
                    (call, values) -> skip(call, Kind.LAYER, values)));

    private NormRules() {}

    private static Optional<Term> norm(Call call, Kind kind, Values values) {
        boolean last = call.integer("axis", -1) == -1;
        Optional<Value> x = call.input(0).filter(value -> value.width() > 0);
        return x.filter(value -> last && call.output() == 0)
                .flatMap(value -> normed(call, value, kind, 1, 2, call.number("epsilon", EPSILON), values));
    }

    private static Optional<Term> normed(
            Call call, Value x, Kind kind, int gain, int bias, double epsilon, Values values) {
        Optional<Weight> gains = vector(call, gain, x.width(), values);
        Optional<Weight> biases = kind == Kind.LAYER ? vector(call, bias, x.width(), values) : Optional.empty();
        boolean complete =
                gains.isPresent() && (kind == Kind.RMS || call.input(bias).isPresent() == biases.isPresent());
        return complete
                ? Optional.of(HeadRules.normed(x, new Norm(kind, gains.get(), biases, epsilon), values))
                : Optional.empty();
    }

    private static Optional<Weight> vector(Call call, int input, long width, Values values) {
        return call.input(input, Numbers.class)
                .map(Numbers::weight)
                .filter(weight -> weight.shape().equals(Shape.of(width)))
                .map(weight -> Constants.simplest(weight, values));
    }

    /** Of the sum of two values, which is the fourth output; one of them may have its bias here. */
    private static Optional<Term> skip(Call call, Kind kind, Values values) {
        int bias = kind == Kind.RMS ? 3 : 4;
        Optional<Value> first = call.input(0).filter(value -> value.width() > 0);
        Optional<Value> second = call.input(1).filter(value -> value.width() > 0);
        if (first.isEmpty()
                || second.isEmpty()
                || first.get().width() != second.get().width()) {
            return Optional.empty();
        }
        Optional<Value> increase = second;
        if (call.input(bias).isPresent()) {
            Value vector = call.input(bias).get();
            increase = second.map(value -> values.of("Add", value, vector))
                    .filter(value -> value.as(Term.Projected.class)
                            .map(Term.Projected::linear)
                            .flatMap(Linear::bias)
                            .isPresent());
        }
        Optional<Value> sum = increase.map(value -> values.of("Add", first.get(), value));
        if (call.output() == 3) {
            return sum.map(Term.Same::new);
        }
        return sum.filter(value -> call.output() == 0)
                .flatMap(value -> normed(call, value, kind, 2, 3, call.number("epsilon", SKIP_EPSILON), values));
    }
}
