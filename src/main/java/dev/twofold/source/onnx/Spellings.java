package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Rule.spelled;

import dev.twofold.decoder.Activation;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Window;
import dev.twofold.source.onnx.Pattern.Captures;
import dev.twofold.source.onnx.Term.Activated;
import dev.twofold.source.onnx.Term.Tokens;
import dev.twofold.weight.Weight;
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
            spelled(
                    "index of the last token of rows that begin with one",
                    "Sub(Mul(ReduceSum{keepdims=0}(mask, =1), Gather{axis=1}(mask, =0)), =1)",
                    Tokens.LAST),
            spelled(
                    "mask of new tokens",
                    "Slice(mask, Neg(Shape{end=2,start=1}(ids)), =" + Long.MAX_VALUE + ", =1)",
                    Tokens.NEW_MASK),
            spelled(
                    "one, if every row has a new token",
                    "Add(ReduceMin{keepdims=0}(Sub(ReduceMax{keepdims=0}(new_mask, =1), ReduceMax{keepdims=0}(mask, =1))), =1)",
                    Tokens.STEP),
            spelled("places of new tokens", "Range(past, total, =1)", Tokens.PLACES),
            spelled("places of new tokens, if every row has one", "Range(past, total, step)", Tokens.PLACES),
            spelled("positions of all tokens", "Sub(CumSum(mask, =1), =1)", Tokens.ALL_POSITIONS),
            spelled("positions from 0 up", "Max(all_positions, =0)", Tokens.CLIPPED_POSITIONS),
            spelled(
                    "positions of new tokens",
                    "Slice(clipped_positions, Unsqueeze(past, =0), Unsqueeze(total, =0), =1)",
                    Tokens.POSITIONS),
            spelled(
                    "positions of new tokens that are moved to the left",
                    "Add(Sub(ReduceSum{keepdims=1}(mask, =1), ReduceSum{keepdims=1}(new_mask, =1)), Range(=0, new, =1))",
                    Tokens.POSITIONS),
            spelled(
                    "ids that are moved to the left",
                    "GatherElements{axis=1}(?i, Add(ArgMax{axis=1,keepdims=1,select_last_index=0}(new_mask), "
                            + "Range(Neg(new), =0, =1)))",
                    Spellings::ids),
            spelled(
                    "causal mask",
                    "And(Or(Unsqueeze(Cast{to=9}(mask), =[1,2]), Equal(?k, ?q)), LessOrEqual("
                            + "Range(=0, total, =1), Unsqueeze(places, =1)))",
                    captures -> causal(captures)),
            spelled(
                    "mask of a sliding window",
                    "And(allowed, Greater(Unsqueeze(clipped_positions, =[1,2]), "
                            + "Sub(Unsqueeze(positions, =[1,3]), ?=n)))",
                    captures -> window(captures)));

    private static final String XIELU = "Add(Add(Mul(Mul(Relu(?x), Relu(?x)), Softplus(?rising)), "
            + "Mul(Sub(Elu(?x), ?x), Add(?slope, Softplus(?falling)))), Mul(?x, ?slope))";

    private static final List<Rule> ACTIVATIONS = List.of(
            spelled("xIELU", XIELU, captures -> xielu(captures)),
            activation("SiLU spelled out", "Mul(?x, Sigmoid(?x))", Activation.Plain.SILU),
            activation("squared ReLU", "Mul(Relu(?x), Relu(?x))", Activation.Plain.RELU_SQUARED),
            activation("squared ReLU by a power", "Pow(Relu(?x), ~2)", Activation.Plain.RELU_SQUARED),
            activation("squared ReLU by a whole power", "Pow(Relu(?x), =2)", Activation.Plain.RELU_SQUARED),
            activation(
                    "GELU spelled out",
                    "Mul(Mul(?x, Add(Erf(Div(?x, ~1.41421356)), ~1)), ~0.5)",
                    Activation.Plain.GELU),
            activation(
                    "GELU with halves first",
                    "Mul(Mul(?x, ~0.5), Add(Erf(Div(?x, ~1.41421356)), ~1))",
                    Activation.Plain.GELU),
            activation(
                    "GELU by a tangent, half of it last",
                    "Mul(?x, Mul(Add(Tanh(Mul(Add(?x, Mul(Pow(?x, ~3), ~0.044715)), ~0.79788456)), ~1), ~0.5))",
                    Activation.Plain.GELU_TANH),
            activation(
                    "GELU by a tangent, half of it last, with products for powers",
                    "Mul(Mul(?x, Add(Tanh(Mul(Add(?x, Mul(Mul(?x, Mul(?x, ?x)), ~0.044715)), ~0.79788456)), ~1)), ~0.5)",
                    Activation.Plain.GELU_TANH),
            activation(
                    "GELU by a tangent, spelled out",
                    "Mul(Mul(?x, ~0.5), Add(Tanh(Mul(Add(?x, Mul(Pow(?x, ~3), ~0.044715)), ~0.79788456)), ~1))",
                    Activation.Plain.GELU_TANH));

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

    private static final String AROUND = "Sub(?x, ReduceMean{keepdims=1}(?x, =-1))";
    private static final String DEVIATION = "Sqrt(Add(ReduceMean{keepdims=1}(Pow(" + AROUND + ", ~2), =-1), ?~e))";

    private static final List<Rule> LAYER_NORMS = List.of(
            spelled(
                    "layer norm by a reciprocal root",
                    "Mul(" + AROUND + ", Reciprocal(" + DEVIATION + "))",
                    captures -> unit(captures, Norm.Kind.LAYER)),
            spelled(
                    "layer norm by a quotient",
                    "Mul(" + AROUND + ", Div(~1, " + DEVIATION + "))",
                    captures -> unit(captures, Norm.Kind.LAYER)),
            spelled(
                    "layer norm divided by a root",
                    "Div(" + AROUND + ", " + DEVIATION + ")",
                    captures -> unit(captures, Norm.Kind.LAYER)));

    private static final List<Rule> LIMITS = List.of(
            spelled(
                    "a soft cap",
                    "Mul(Tanh(Div(?x, ?~c)), ?~c)",
                    captures -> Optional.of(new Term.Capped(captures.value("x"), captures.number("c")))),
            spelled("a limit", "Min(Max(?x, ?~low), ?~high)", Spellings::clipped));

    /** The limit is one number of the graph in all three places. */
    private static final String CLAMPED = "Mul(Mul(Min(?g, ?~limit), Sigmoid(Mul(Min(?g, ?~limit), ?~steep))), "
            + "Add(Min(Max(?u, ?~low), ?~limit), ~1))";

    private static final List<Rule> GATES =
            List.of(spelled("a limited SiLU and what is one more", CLAMPED, captures -> clamped(captures)));

    private static final List<Rule> ENDS = List.of(
            spelled("logits in rows", "Reshape(?x, Concat{axis=0}(Shape(ids), ?=v))", Spellings::rows),
            spelled(
                    "logits in the rows of what they are made of",
                    "Reshape(?x, Concat{axis=0}(Shape{end=2,start=0}(?y), ?=v))",
                    Spellings::rows),
            spelled(
                    "tokens that are moved back to the right",
                    "GatherND{batch_dims=1}(?x, Unsqueeze(Sub(Range(=0, new, =1), "
                            + "ArgMax{axis=1,keepdims=1,select_last_index=0}(new_mask)), =-1))",
                    captures -> Optional.of(new Term.Same(captures.value("x")))),
            spelled(
                    "the last token of each row",
                    "GatherND{batch_dims=1}(?x, Unsqueeze(ArgMax{axis=1,keepdims=1,select_last_index=1}(new_mask), =-1))",
                    captures -> Optional.of(new Term.LastToken(captures.value("x")))));

    static final List<Rule> ALL = Stream.of(
                    TOKENS,
                    ACTIVATIONS,
                    NORMS,
                    LAYER_NORMS,
                    LIMITS,
                    GATES,
                    MixtureSpellings.ALL,
                    GroupedRouting.ALL,
                    NearRouting.ALL,
                    GatheredMixtures.ALL,
                    DispatchedMixtures.ALL,
                    ENDS,
                    BlockTableRules.ALL,
                    TracedRotaryRules.ALL,
                    ThirdsRules.ALL,
                    SharedHeadRules.ALL,
                    TracedMaskRules.ALL,
                    ChunkRules.ALL,
                    RampRules.SPELLED)
            .flatMap(List::stream)
            .toList();

    private Spellings() {}

    private static Rule activation(String name, String text, Activation activation) {
        return spelled(name, text, captures -> {
            Value x = captures.value("x");
            return x.width() > 0 ? Optional.of(new Activated(x, activation)) : Optional.empty();
        });
    }

    private static Optional<Term> xielu(Captures captures) {
        Value x = captures.value("x");
        List<Weight> numbers = Stream.of("rising", "falling", "slope")
                .flatMap(name -> captures.value(name).as(Term.Numbers.class).stream())
                .map(Term.Numbers::weight)
                .filter(number -> number.shape().elements() == 1)
                .toList();
        return x.width() > 0 && numbers.size() == 3
                ? Optional.of(new Activated(x, new Activation.Xielu(numbers.get(0), numbers.get(1), numbers.get(2))))
                : Optional.empty();
    }

    /** What is compared for being the query's own is what is compared for not being after it. */
    private static Optional<Term> causal(Captures captures) {
        boolean keys = isRange(captures.value("k"), false) && isRange(captures.value("q"), true)
                || isRange(captures.value("q"), false) && isRange(captures.value("k"), true);
        return keys ? Optional.of(Term.Mask.before(Optional.empty())) : Optional.empty();
    }

    private static boolean isRange(Value value, boolean queries) {
        String text = queries ? "Unsqueeze(places, =1)" : "Range(=0, total, =1)";
        return PatternText.parse(text).matches(value, new Captures());
    }

    /** Padding before the first token says nothing of the decoder. */
    private static Optional<Term> ids(Captures captures) {
        Value ids = captures.value("i");
        return ids.as(Term.Input.class).filter(Roles::isIds).map(input -> new Term.Same(ids));
    }

    private static Optional<Term> rows(Captures captures) {
        Value x = captures.value("x");
        return captures.whole("v").equals(List.of(x.width())) ? Optional.of(new Term.Same(x)) : Optional.empty();
    }

    private static Optional<Term> window(Captures captures) {
        List<Long> size = captures.whole("n");
        boolean one = size.size() == 1 && size.get(0) > 0 && size.get(0) <= Integer.MAX_VALUE;
        return one
                ? Optional.of(Term.Mask.before(Optional.of(Window.sliding(Math.toIntExact(size.get(0))))))
                : Optional.empty();
    }

    private static Optional<Term> rms(Captures captures) {
        return unit(captures, Norm.Kind.RMS);
    }

    private static Optional<Term> unit(Captures captures, Norm.Kind kind) {
        Value x = captures.value("x");
        return x.width() > 0 ? Optional.of(new Term.Unit(x, kind, captures.number("e"))) : Optional.empty();
    }

    private static Optional<Term> clipped(Captures captures) {
        double high = captures.number("high");
        Value x = captures.value("x");
        return x.width() > 0 && high > 0 && captures.number("low") == -high
                ? Optional.of(new Term.Clipped(x, high))
                : Optional.empty();
    }

    private static Optional<Term> clamped(Captures captures) {
        Value gate = captures.value("g");
        Value up = captures.value("u");
        double limit = captures.number("limit");
        double steep = captures.number("steep");
        boolean fits = gate.width() > 0 && gate.width() == up.width() && captures.number("low") == -limit;
        return fits && limit > 0 && steep > 0
                ? Optional.of(new Term.Gated(gate, up, new Activation.ClampedSwish(steep, limit)))
                : Optional.empty();
    }
}
