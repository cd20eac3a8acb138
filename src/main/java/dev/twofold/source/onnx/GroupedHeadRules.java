package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Rule.spelled;

import dev.twofold.source.onnx.Pattern.Captures;
import dev.twofold.source.onnx.Term.Form;
import dev.twofold.source.onnx.Term.Grouped;
import dev.twofold.source.onnx.Term.Headed;
import dev.twofold.source.onnx.Term.Keys;
import dev.twofold.source.onnx.Term.Mask;
import dev.twofold.source.onnx.Term.Numbers;
import dev.twofold.source.onnx.Term.Scores;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import java.util.List;
import java.util.Optional;

/**
 * Attention in single operators whose query heads that share keys have an axis of their own, so that keys need not be repeated, and
 * scores of heads that take part in the shares.
 */
final class GroupedHeadRules {

    private static final String COLUMN = "Expand(Reshape(?sinks, ?=own), Concat{axis=0}(Shape{end=%d}(?s), =1))";

    private static final String BESIDE = "Slice(Softmax{axis=-1}(Concat{axis=-1}(?s, " + COLUMN + ")), =0, =-1, =-1)";

    static final List<Rule> ALL = List.of(
            spelled(
                    "heads in groups, one after the other",
                    "Transpose{perm=[0,2,3,1,4]}(Reshape(?x, ?=parted))",
                    GroupedHeadRules::parted),
            new Rule("turned keys for each group", "Unsqueeze", (call, values) -> apart(call)),
            new Rule("scores of groups", "MatMul", (call, values) -> scored(call)),
            new Rule("scores where a mask shows", "Where", (call, values) -> masked(call)),
            spelled("shares beside sinks", String.format(BESIDE, 3), GroupedHeadRules::beside),
            spelled("shares of groups beside sinks", String.format(BESIDE, 4), GroupedHeadRules::beside),
            new Rule("what groups attend to", "MatMul", GroupedHeadRules::attended),
            new Rule("heads of groups, side by side", "Transpose", (call, values) -> together(call)));

    private GroupedHeadRules() {}

    private static Optional<Term> parted(Captures captures) {
        Value x = captures.value("x");
        List<Long> dims = captures.whole("parted");
        if (dims.size() != 5 || dims.subList(2, 5).stream().anyMatch(dim -> dim < 1)) {
            return Optional.empty();
        }
        long heads = dims.get(2) * dims.get(3);
        boolean fits = dims.subList(0, 2).equals(List.of(0L, 0L)) && heads * dims.get(4) == x.width();
        return fits ? Optional.of(new Grouped(new Headed(x, heads, dims.get(4)), dims.get(2))) : Optional.empty();
    }

    private static Optional<Term> apart(Call call) {
        boolean third = call.input(1, Term.Whole.class)
                .filter(axes -> axes.values().equals(List.of(2L)))
                .isPresent();
        return call.input(0, Keys.class)
                .filter(keys -> third && keys.layout() == Layout.TURNED && keys.times() == 1)
                .map(keys -> keys.in(Layout.TURNED_APART));
    }

    private static Optional<Term> scored(Call call) {
        Optional<Keys> keys = call.input(1, Keys.class).filter(found -> found.layout() == Layout.TURNED_APART);
        return call.input(0, Grouped.class)
                .flatMap(query -> keys.filter(found ->
                                query.groups() == found.count() && query.heads().size() == found.size())
                        .map(found -> new Scores(query.heads(), found)));
    }

    /** Those of other keys are very little. */
    private static Optional<Term> masked(Call call) {
        Optional<Mask> mask = call.input(0, Mask.class).filter(found -> found.form() != Form.ADDED);
        return mask.flatMap(found -> {
            int shown = found.form() == Form.SHOWN ? 1 : 2;
            boolean hides = call.input(3 - shown, Numbers.class)
                    .flatMap(Numbers::single)
                    .filter(little -> little <= MaskRules.LITTLE)
                    .isPresent();
            return HeadRules.scores(call.input(shown))
                    .filter(scores -> hides && scores.mask().isEmpty() && !scores.shares())
                    .map(scores -> scores.with(found.in(Form.ADDED)));
        });
    }

    /** One more score for each head, of which nothing is taken. */
    private static Optional<Term> beside(Captures captures) {
        List<Long> own = captures.whole("own");
        Optional<Weight> sinks = captures.value("sinks").as(Numbers.class).map(Numbers::weight);
        return captures.value("s")
                .as(Scores.class)
                .filter(scores -> !scores.shares())
                .flatMap(scores -> {
                    long heads = scores.query().count();
                    long groups = scores.keys().count();
                    List<Long> expected = scores.isGrouped()
                            ? List.of(1L, groups, heads / groups, 1L, 1L)
                            : List.of(1L, heads, 1L, 1L);
                    return sinks.filter(
                                    all -> own.equals(expected) && all.shape().equals(Shape.of(heads)))
                            .map(all -> scores.beside(all).asShares());
                });
    }

    private static Optional<Term> attended(Call call, Values values) {
        Optional<Scores> shares = call.input(0, Scores.class).filter(found -> found.shares() && found.isGrouped());
        Optional<Keys> held = call.input(1, Keys.class).filter(found -> found.layout() == Layout.APART);
        return shares.flatMap(scores -> held.flatMap(found -> scores.mask()
                .filter(Mask::causal)
                .flatMap(mask -> HeadRules.attended(scores, found, mask))
                .map(made -> new Grouped(
                        HeadRules.heads(made, scores, call, values),
                        scores.keys().count()))));
    }

    private static Optional<Term> together(Call call) {
        boolean back = Optional.ofNullable(call.attributes().get("perm"))
                .filter(perm -> perm.getIntsList().equals(List.of(0L, 3L, 1L, 2L, 4L)))
                .isPresent();
        return call.input(0, Grouped.class)
                .filter(found -> back)
                .map(Grouped::heads)
                .map(heads -> new Term.Heads(heads.x(), heads.count(), heads.size()));
    }
}
