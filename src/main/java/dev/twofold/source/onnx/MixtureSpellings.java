package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Rule.spelled;

import dev.twofold.decoder.Routing;
import dev.twofold.decoder.Routing.Score;
import dev.twofold.source.onnx.Pattern.Captures;
import dev.twofold.source.onnx.Term.Biased;
import dev.twofold.source.onnx.Term.Numbers;
import dev.twofold.source.onnx.Term.Shares;
import dev.twofold.source.onnx.Term.Weighted;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** How mixtures are spelled that compute all experts side by side, each as much as its share. */
final class MixtureSpellings {

    private static final Pattern SOFTMAX = PatternText.parse("Softmax{axis=-1}(?r)");
    private static final Pattern SIGMOID = PatternText.parse("Sigmoid(?r)");

    /** Of the experts that have the largest of some numbers, some weights. */
    private static final String CHOSEN = "ScatterElements{axis=-1}(Sub(?p, ?p), TopK{axis=-1}:1(%s, ?=k), %s)";

    private static final String CORRECTED = "Add(?p, ?c)";
    private static final String SCORES = "TopK{axis=-1}(?p, ?=k)";
    private static final String SCORES_OF_CORRECTED = "GatherElements{axis=-1}(?p, TopK{axis=-1}:1(Add(?p, ?c), ?=k))";

    /** Of the experts that have the largest results, before the sigmoid that they count by. */
    private static final String RESULTS_CHOSEN =
            "ScatterElements{axis=-1}(Sub(Sigmoid(?r), Sigmoid(?r)), TopK{axis=-1}:1(?r, ?=k), %s)";

    private static final String SCORES_OF_RESULTS = "GatherElements{axis=-1}(Sigmoid(?r), TopK{axis=-1}:1(?r, ?=k))";

    static final List<Rule> ALL = List.of(
            byResults("shares of experts by results", SCORES_OF_RESULTS, false),
            byResults("shares of experts by results, by parts of a sum", parts(SCORES_OF_RESULTS), true),
            shares("shares of experts by their scores", "?p", SCORES, captures -> routing(captures, false, false)),
            shares(
                    "shares of experts by parts of a sum",
                    "?p",
                    parts(SCORES),
                    captures -> routing(captures, false, true)),
            shares(
                    "shares of experts chosen by corrected scores",
                    CORRECTED,
                    SCORES_OF_CORRECTED,
                    captures -> routing(captures, true, false)),
            shares(
                    "shares of experts chosen by corrected scores, by parts of a sum",
                    CORRECTED,
                    parts(SCORES_OF_CORRECTED),
                    captures -> routing(captures, true, true)),
            spelled(
                    "experts, each as much as its share",
                    "Reshape(Mul(Reshape(?a, ?=parted), Unsqueeze(?shares, =-1)), ?=joined)",
                    MixtureSpellings::weighted),
            // Parting the activations of one expert leaves them as they are.
            spelled("one expert behind a gate", "Mul(?a, Unsqueeze(?shares, =-1))", MixtureSpellings::behindGate),
            new Rule("a gate before an expert", "Sigmoid", (call, values) -> gate(call)),
            spelled(
                    "biases of experts, each as much as its share",
                    "Add(?sum, MatMul(?shares, Reshape(?biases, ?=parted)))",
                    MixtureSpellings::biased));

    private MixtureSpellings() {}

    static String parts(String weights) {
        return String.format("Div(%1$s, ReduceSum(%1$s, =-1))", weights);
    }

    /** @param scores that experts are chosen by the largest of */
    static Rule shares(String name, String scores, String weights, Function<Captures, Optional<Routing>> routing) {
        return spelled(
                name,
                String.format(CHOSEN, scores, weights),
                captures -> scored(captures.value("p"))
                        .flatMap(router -> routing.apply(captures)
                                .filter(found -> found.chosen() <= router.width())
                                .map(found -> new Shares(router, found))));
    }

    private static Rule byResults(String name, String weights, boolean normed) {
        return spelled(name, String.format(RESULTS_CHOSEN, weights), captures -> {
            Value router = captures.value("r");
            return chosen(captures)
                    .filter(chosen -> chosen <= router.width())
                    .map(chosen -> new Shares(router, new Routing(Score.SIGMOID, Optional.empty(), chosen, normed)));
        });
    }

    private static Optional<Integer> chosen(Captures captures) {
        List<Long> chosen = captures.whole("k");
        return Optional.of(chosen)
                .filter(one -> one.size() == 1 && one.get(0) > 0 && one.get(0) <= Integer.MAX_VALUE)
                .map(one -> one.get(0).intValue());
    }

    private static Optional<Term> gate(Call call) {
        return call.input(0).filter(router -> router.width() == 1).map(router -> new Shares(router, Routing.gate()));
    }

    private static Optional<Term> behindGate(Captures captures) {
        Value shares = captures.value("shares");
        Value activations = captures.value("a");
        boolean gated = shares.as(Shares.class)
                .filter(found -> found.routing().equals(Routing.gate()))
                .isPresent();
        return gated && activations.width() > 0 ? Optional.of(new Weighted(activations, shares, 1)) : Optional.empty();
    }

    private static Optional<Term> weighted(Captures captures) {
        List<Long> parted = captures.whole("parted");
        List<Long> joined = captures.whole("joined");
        Value activations = captures.value("a");
        Value shares = captures.value("shares");
        if (parted.size() != 4 || joined.size() != 3 || shares.as(Shares.class).isEmpty()) {
            return Optional.empty();
        }
        long experts = parted.get(2);
        boolean fits = experts == shares.width()
                && experts * parted.get(3) == activations.width()
                && joined.get(2) == activations.width();
        return fits ? Optional.of(new Weighted(activations, shares, experts)) : Optional.empty();
    }

    /** Those of the same experts, by the same shares. */
    private static Optional<Term> biased(Captures captures) {
        Value sum = captures.value("sum");
        Value shares = captures.value("shares");
        List<Long> parted = captures.whole("parted");
        boolean same = sum.as(Term.Projected.class)
                .flatMap(product -> product.x().as(Weighted.class))
                .filter(experts -> experts.shares() == shares)
                .isPresent();
        return captures.value("biases")
                .as(Numbers.class)
                .map(Numbers::weight)
                .filter(all -> same
                        && parted.equals(List.of(shares.width(), sum.width()))
                        && all.shape().equals(Shape.of(shares.width() * sum.width())))
                .map(all -> new Biased(sum, shares, all));
    }

    static Optional<Routing> routing(Captures captures, boolean corrected, boolean normed) {
        Value scores = captures.value("p");
        Optional<Weight> correction =
                corrected ? captures.value("c").as(Numbers.class).map(Numbers::weight) : Optional.empty();
        Score score = SOFTMAX.matches(scores, new Captures()) ? Score.SOFTMAX : Score.SIGMOID;
        return chosen(captures)
                .filter(chosen -> corrected == correction.isPresent())
                .map(chosen -> new Routing(score, correction, chosen, normed));
    }

    /** What scores are made of. */
    static Optional<Value> scored(Value scores) {
        return routerOf(scores, Score.SOFTMAX).or(() -> routerOf(scores, Score.SIGMOID));
    }

    /** The same if they are made in this way. */
    static Optional<Value> routerOf(Value scores, Score score) {
        Captures captures = new Captures();
        Pattern pattern = score == Score.SOFTMAX ? SOFTMAX : SIGMOID;
        return pattern.matches(scores, captures) ? Optional.of(captures.value("r")) : Optional.empty();
    }
}
