package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Rule.spelled;

import dev.twofold.decoder.Routing;
import dev.twofold.source.onnx.Pattern.Captures;
import dev.twofold.source.onnx.Term.Chosen;
import dev.twofold.source.onnx.Term.Dispatched;
import dev.twofold.source.onnx.Term.Numbers;
import dev.twofold.source.onnx.Term.Outcome;
import dev.twofold.source.onnx.Term.Routed;
import dev.twofold.source.onnx.Term.Shares;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Mixtures as PyTorch's older tracer spells those of transformers: one expert after the other gathers the tokens that chose it, and what
 * it makes of them is added where they stood. What an expert does in between is read as of any feed-forward.
 */
final class DispatchedMixtures {

    private static final String BEST = "TopK{axis=-1,largest=1,sorted=1}:%d(?p, ?=k)";

    private static final String CHOSEN =
            "Transpose{perm=[1,0]}(NonZero(Cast{to=9}(Gather{axis=0}(" + "Transpose{perm=[2,1,0]}(OneHot{axis=-1}("
                    + String.format(BEST, 1) + ", ?=experts, =[0,1])), ?=expert))))";

    private static final String WHICH = "Squeeze(Split{axis=1}(?places, =[1,1]), =1)";
    private static final String TOKENS = "Squeeze(Split{axis=1}:1(?places, =[1,1]), =1)";

    /** The shares of all tokens in a column, {@code [tokens, count, 1]}. */
    private static final String COLUMN = "Unsqueeze(?s, =2)";

    private static final String ONE = "Gather{axis=0}(Shape(" + COLUMN + "), =2)";
    private static final String INDEX =
            "Add(" + WHICH + ", Mul(" + TOKENS + ", Gather{axis=0}(Shape(" + COLUMN + "), =1)))";
    private static final String SHARE = "Reshape(Reshape(Gather{axis=0}(Flatten{axis=2}(" + COLUMN + "), " + INDEX
            + "), Concat{axis=0}(=-1, " + ONE + ")), Concat{axis=0}(Shape(" + INDEX + "), " + ONE + "))";

    private static final String ADDED =
            "Expand(?outcome, Shape(Slice(?sum, =[0,0], =[1," + Long.MAX_VALUE + "], =[0,1])))";

    static final List<Rule> ALL = List.of(
            spelled("where an expert was chosen", CHOSEN, DispatchedMixtures::chosen),
            spelled(
                    "tokens that chose an expert",
                    "Reshape(Gather{axis=1}(Unsqueeze(?x, =0), " + TOKENS + "), ?=rows)",
                    DispatchedMixtures::routed),
            spelled(
                    "what an expert made, as much as its share",
                    "Mul(?made, " + SHARE + ")",
                    DispatchedMixtures::outcome),
            spelled(
                    "what an expert adds to the tokens that chose it",
                    "Add(?sum, ScatterElements{axis=0}(?zeros, Expand(Unsqueeze(" + TOKENS + ", =1), Shape(" + ADDED
                            + ")), " + ADDED + "))",
                    DispatchedMixtures::dispatched));

    private static final Pattern SCORES = PatternText.parse("Softmax{axis=1}(?r)");
    private static final Pattern PLAIN = PatternText.parse(String.format(BEST, 0));
    private static final Pattern PARTS =
            PatternText.parse(String.format("Div(%1$s, ReduceSum{keepdims=1}(%1$s, =-1))", String.format(BEST, 0)));
    private static final Pattern ZEROS = PatternText.parse("ConstantOfShape{value=any}(Shape(?sum))");

    private static final Set<Long> FLOATING = Set.of(1L, 10L, 11L, 16L);

    private DispatchedMixtures() {}

    private static Optional<Term> chosen(Captures captures) {
        Value scores = captures.value("p");
        return router(scores)
                .flatMap(router -> single(captures, "k")
                        .filter(count -> count > 0 && count <= router.width())
                        .filter(count -> single(captures, "experts").equals(Optional.of(router.width())))
                        .flatMap(count -> single(captures, "expert")
                                .filter(expert -> expert >= 0 && expert < router.width())
                                .map(expert -> new Chosen(scores, count, expert))));
    }

    /** Scores have two axes here, or the indices of those that are chosen could not change places in this way. */
    private static Optional<Value> router(Value scores) {
        Captures captures = new Captures();
        return SCORES.matches(uncast(scores), captures)
                ? Optional.of(captures.value("r")).filter(router -> router.width() > 0)
                : Optional.empty();
    }

    /** Another type only says how exactly. */
    private static Value uncast(Value value) {
        return value.call()
                .filter(call -> call.operator().equals("Cast") && FLOATING.contains(call.integer("to", 0)))
                .flatMap(call -> call.input(0))
                .orElse(value);
    }

    private static Optional<Term> routed(Captures captures) {
        Value x = captures.value("x");
        Value places = captures.value("places");
        boolean rows = x.width() > 0 && captures.whole("rows").equals(List.of(-1L, x.width()));
        return places.as(Chosen.class).filter(found -> rows).map(found -> new Routed(x, places));
    }

    private static Optional<Term> outcome(Captures captures) {
        Value made = captures.value("made");
        Value places = captures.value("places");
        return places.as(Chosen.class)
                .filter(chosen -> made.width() > 0)
                .flatMap(chosen -> shares(chosen, uncast(captures.value("s"))))
                .map(shares -> new Outcome(made, places, shares));
    }

    /** The scores of the experts that were chosen, as they are or as parts of their sum. */
    private static Optional<Shares> shares(Chosen chosen, Value shares) {
        return Stream.of(false, true)
                .filter(normed -> {
                    Captures captures = new Captures();
                    return (normed ? PARTS : PLAIN).matches(shares, captures)
                            && captures.value("p") == chosen.scores()
                            && single(captures, "k").equals(Optional.of(chosen.count()));
                })
                .findFirst()
                .flatMap(normed -> router(chosen.scores())
                        .map(router -> new Shares(router, Routing.softmax((int) chosen.count(), normed))));
    }

    private static Optional<Term> dispatched(Captures captures) {
        Value sum = captures.value("sum");
        Value places = captures.value("places");
        boolean elsewhere = isNothing(captures.value("zeros")) && isShapedAs(sum, captures.value("zeros"));
        return captures.value("outcome")
                .as(Outcome.class)
                .filter(outcome -> elsewhere && outcome.places() == places)
                .flatMap(outcome -> before(sum, outcome.made().width())
                        .map(before -> new Dispatched(Stream.concat(before.stream(), Stream.of(outcome))
                                .toList())));
    }

    /** What the experts before it add: nothing before the first. */
    private static Optional<List<Outcome>> before(Value sum, long width) {
        List<Extent> rows = List.of(new Extent(1, List.of(Extent.Unknown.BATCH, Extent.Unknown.NEW)), Extent.of(width));
        boolean first = isNothing(sum)
                && sum.call()
                        .filter(call -> call.operator().equals("ConstantOfShape"))
                        .flatMap(call -> Sizes.of(call, 0))
                        .filter(rows::equals)
                        .isPresent();
        return first
                ? Optional.of(List.of())
                : sum.as(Dispatched.class).filter(all -> sum.width() == width).map(Dispatched::outcomes);
    }

    private static boolean isNothing(Value value) {
        return value.as(Numbers.class)
                .flatMap(Numbers::single)
                .filter(number -> number == 0)
                .isPresent();
    }

    private static boolean isShapedAs(Value sum, Value zeros) {
        Captures captures = new Captures();
        return ZEROS.matches(zeros, captures) && captures.value("sum") == sum;
    }

    private static Optional<Long> single(Captures captures, String name) {
        return Optional.of(captures.whole(name)).filter(all -> all.size() == 1).map(all -> all.get(0));
    }
}
