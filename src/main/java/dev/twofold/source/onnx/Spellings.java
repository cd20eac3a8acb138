package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Rule.spelled;

import dev.twofold.decoder.Activation;
import dev.twofold.decoder.Norm;
import dev.twofold.source.onnx.Pattern.Captures;
import dev.twofold.source.onnx.Term.Activated;
import dev.twofold.source.onnx.Term.Tokens;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What is spelled in several operators, and how. These go before the rules of single operators. */
final class Spellings {

    private static final List<Rule> TOKENS = List.of(
            spelled("length of the mask", "Squeeze(Shape{end=2,start=1}(mask))", Tokens.TOTAL),
            spelled("length of the mask, taken", "Gather{axis=0}(Shape(mask), =1)", Tokens.TOTAL),
            spelled("number of new tokens", "Squeeze(Shape{end=2,start=1}(ids))", Tokens.NEW),
            spelled("number of new tokens, taken", "Gather{axis=0}(Shape(ids), =1)", Tokens.NEW),
            spelled("number of tokens of the past", "Sub(total, new)", Tokens.PAST),
            spelled("index of the last token", "Sub(ReduceSum{keepdims=0}(mask, =1), =1)", Tokens.LAST),
            spelled("positions of all tokens", "Sub(CumSum(mask, =1), =1)", Tokens.ALL_POSITIONS),
            spelled("positions from 0 up", "Max(all_positions, =0)", Tokens.CLIPPED_POSITIONS),
            spelled(
                    "positions of new tokens",
                    "Slice(clipped_positions, Unsqueeze(past, =0), Unsqueeze(total, =0), =1)",
                    Tokens.POSITIONS),
            spelled(
                    "causal mask",
                    "And(Or(Unsqueeze(Cast{to=9}(mask), =[1,2]), Equal(?k, ?q)), LessOrEqual("
                            + "Range(=0, total, =1), Unsqueeze(Range(past, total, =1), =1)))",
                    captures -> causal(captures)),
            spelled(
                    "mask of a sliding window",
                    "And(allowed, Greater(Unsqueeze(clipped_positions, =[1,2]), "
                            + "Sub(Unsqueeze(positions, =[1,3]), ?=n)))",
                    captures -> window(captures)));

    private static final List<Rule> ACTIVATIONS = List.of(
            activation("SiLU spelled out", "Mul(?x, Sigmoid(?x))", Activation.SILU),
            activation("squared ReLU", "Mul(Relu(?x), Relu(?x))", Activation.RELU_SQUARED),
            activation("squared ReLU by a power", "Pow(Relu(?x), ~2)", Activation.RELU_SQUARED),
            activation("squared ReLU by a whole power", "Pow(Relu(?x), =2)", Activation.RELU_SQUARED),
            activation("GELU spelled out", "Mul(Mul(?x, Add(Erf(Div(?x, ~1.41421356)), ~1)), ~0.5)", Activation.GELU),
            activation(
                    "GELU with halves first",
                    "Mul(Mul(?x, ~0.5), Add(Erf(Div(?x, ~1.41421356)), ~1))",
                    Activation.GELU),
            activation(
                    "GELU by a tangent, spelled out",
                    "Mul(Mul(?x, ~0.5), Add(Tanh(Mul(Add(?x, Mul(Pow(?x, ~3), ~0.044715)), ~0.79788456)), ~1))",
                    Activation.GELU_TANH));

    private static final List<Rule> NORMS = List.of(
            spelled(
                    "RMS norm by a reciprocal root",
                    "Mul(?x, Reciprocal(Sqrt(Add(ReduceMean{axes=[-1],keepdims=1}(Pow(?x, ~2)), ?~e))))",
                    Spellings::rms),
            spelled(
                    "RMS norm by a reciprocal root, axes as an operand",
                    "Mul(?x, Reciprocal(Sqrt(Add(ReduceMean{keepdims=1}(Pow(?x, ~2), =-1), ?~e))))",
                    Spellings::rms),
            spelled(
                    "RMS norm by a quotient",
                    "Mul(?x, Div(~1, Sqrt(Add(ReduceMean{axes=[-1],keepdims=1}(Pow(?x, ~2)), ?~e))))",
                    Spellings::rms),
            spelled(
                    "RMS norm by a quotient, axes as an operand",
                    "Mul(?x, Div(~1, Sqrt(Add(ReduceMean{keepdims=1}(Pow(?x, ~2), =-1), ?~e))))",
                    Spellings::rms),
            spelled(
                    "RMS norm divided by a root",
                    "Div(?x, Sqrt(Add(ReduceMean{keepdims=1}(Pow(?x, ~2), =-1), ?~e)))",
                    Spellings::rms));

    private static final List<Rule> LIMITS = List.of(
            spelled(
                    "a soft cap",
                    "Mul(Tanh(Div(?x, ?~c)), ?~c)",
                    captures -> Optional.of(new Term.Capped(captures.value("x"), captures.number("c")))),
            spelled("a limit", "Min(Max(?x, ?~low), ?~high)", Spellings::clipped));

    private static final String EXPERTS = "Reshape(Mul(Reshape(?a, ?=parted), Unsqueeze(ScatterElements{axis=-1}("
            + "Sub(?p, ?p), TopK{axis=-1}:1(?p, ?=k), %s), =-1)), ?=joined)";

    private static final List<Rule> MIXTURES = List.of(
            spelled(
                    "experts by their probabilities",
                    String.format(EXPERTS, "TopK{axis=-1}(?p, ?=k)"),
                    captures -> experts(captures, false)),
            spelled(
                    "experts by their shares",
                    String.format(EXPERTS, "Div(TopK{axis=-1}(?p, ?=k), ReduceSum(TopK{axis=-1}(?p, ?=k), =-1))"),
                    captures -> experts(captures, true)));

    private static final List<Rule> ENDS = List.of(spelled(
            "logits in rows",
            "Reshape(?x, Concat{axis=0}(Shape(ids), ?=v))",
            captures -> captures.whole("v").equals(List.of(captures.value("x").width()))
                    ? Optional.of(new Term.Same(captures.value("x")))
                    : Optional.empty()));

    static final List<Rule> ALL = Stream.of(TOKENS, ACTIVATIONS, NORMS, LIMITS, MIXTURES, ENDS, BlockTableRules.ALL)
            .flatMap(List::stream)
            .toList();

    private Spellings() {}

    private static Rule activation(String name, String text, Activation activation) {
        return spelled(name, text, captures -> {
            Value x = captures.value("x");
            return x.width() > 0 ? Optional.of(new Activated(x, activation)) : Optional.empty();
        });
    }

    /** What is compared for being the query's own is what is compared for not being after it. */
    private static Optional<Term> causal(Captures captures) {
        boolean keys = isRange(captures.value("k"), false) && isRange(captures.value("q"), true)
                || isRange(captures.value("q"), false) && isRange(captures.value("k"), true);
        return keys ? Optional.of(new Term.Allowed(Optional.empty())) : Optional.empty();
    }

    private static boolean isRange(Value value, boolean queries) {
        String text = queries ? "Unsqueeze(Range(past, total, =1), =1)" : "Range(=0, total, =1)";
        return PatternText.parse(text).matches(value, new Captures());
    }

    private static Optional<Term> window(Captures captures) {
        List<Long> size = captures.whole("n");
        boolean one = size.size() == 1 && size.get(0) > 0 && size.get(0) <= Integer.MAX_VALUE;
        return one ? Optional.of(new Term.Allowed(Optional.of(Math.toIntExact(size.get(0))))) : Optional.empty();
    }

    private static Optional<Term> rms(Captures captures) {
        Value x = captures.value("x");
        return x.width() > 0 ? Optional.of(new Term.Unit(x, Norm.Kind.RMS, captures.number("e"))) : Optional.empty();
    }

    private static Optional<Term> clipped(Captures captures) {
        double high = captures.number("high");
        Value x = captures.value("x");
        return x.width() > 0 && high > 0 && captures.number("low") == -high
                ? Optional.of(new Term.Clipped(x, high))
                : Optional.empty();
    }

    private static Optional<Term> experts(Captures captures, boolean normed) {
        List<Long> parted = captures.whole("parted");
        List<Long> joined = captures.whole("joined");
        List<Long> chosen = captures.whole("k");
        Optional<Value> router = router(captures.value("p"));
        if (parted.size() != 4 || joined.size() != 3 || chosen.size() != 1 || router.isEmpty()) {
            return Optional.empty();
        }
        long experts = parted.get(2);
        Value activations = captures.value("a");
        boolean fits = experts == router.get().width()
                && experts * parted.get(3) == activations.width()
                && joined.get(2) == activations.width()
                && chosen.get(0) > 0
                && chosen.get(0) <= experts;
        return fits
                ? Optional.of(
                        new Term.Weighted(activations, router.get(), Math.toIntExact(chosen.get(0)), normed, experts))
                : Optional.empty();
    }

    /** What probabilities are made of. */
    private static Optional<Value> router(Value probabilities) {
        Captures captures = new Captures();
        return PatternText.parse("Softmax{axis=-1}(?r)").matches(probabilities, captures)
                ? Optional.of(captures.value("r"))
                : Optional.empty();
    }
}
