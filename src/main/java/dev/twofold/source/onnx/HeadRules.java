package dev.twofold.source.onnx;

import dev.twofold.decoder.HeadScores;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Window;
import dev.twofold.source.onnx.Term.Headed;
import dev.twofold.source.onnx.Term.Keys;
import dev.twofold.source.onnx.Term.Mask;
import dev.twofold.source.onnx.Term.Numbers;
import dev.twofold.source.onnx.Term.Scores;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Attention in single operators: heads on their way to scores, and from shares to what is attended to. */
final class HeadRules {

    static final List<Rule> ALL = List.of(
            new Rule("heads, one after the other", "Transpose", HeadRules::transposed),
            new Rule("keys or values of all tokens", "Concat", (call, values) -> continued(call)),
            new Rule("heads of keys, apart", "Unsqueeze", (call, values) -> apart(call)),
            new Rule("heads of keys, each several times", "Expand", (call, values) -> repeated(call)),
            new Rule("heads of keys, together", "Reshape", (call, values) -> together(call)),
            new Rule("scores", "MatMul", HeadRules::scored),
            new Rule("what is attended to", "MatMul", HeadRules::attended),
            new Rule("scores times a factor", "Mul", (call, values) -> scaled(call, values, false)),
            new Rule("scores by a divisor", "Div", (call, values) -> scaled(call, values, true)),
            new Rule("scores with a mask", "Add", (call, values) -> masked(call)),
            new Rule("shares", "Softmax", (call, values) -> shares(call)),
            new Rule("shares that are numbers", "Where", (call, values) -> numbers(call)),
            new Rule(
                    "scores in another type",
                    "Cast",
                    (call, values) -> call.input(0, Scores.class).map(Term.class::cast)));

    private static final Pattern NO_NUMBER = PatternText.parse("IsNaN(?x)");

    private HeadRules() {}

    private static Optional<Term> transposed(Call call, Values values) {
        List<Long> order = Optional.ofNullable(call.attributes().get("perm"))
                .map(perm -> perm.getIntsList())
                .orElse(List.of());
        Optional<Value> x = call.input(0);
        if (order.equals(List.of(0L, 2L, 1L, 3L))) {
            return x.flatMap(value -> exchanged(value, values));
        }
        return x.filter(value -> order.equals(List.of(0L, 1L, 3L, 2L)))
                .flatMap(HeadRules::keys)
                .filter(keys -> keys.layout() == Layout.HEADS)
                .map(keys -> keys.in(Layout.TURNED));
    }

    /** Tokens and heads change places. */
    private static Optional<Term> exchanged(Value value, Values values) {
        if (value.term() instanceof Keys keys) {
            return keys.layout() == Layout.HEADS ? Optional.of(keys.in(Layout.TOKENS)) : Optional.empty();
        } else if (value.term() instanceof Headed heads) {
            return Optional.of(new Term.Heads(heads.x(), heads.count(), heads.size()));
        } else if (value.term() instanceof Term.Heads heads) {
            return Optional.of(new Headed(heads.x(), heads.count(), heads.size()));
        }
        Optional<Term.Heads> normed =
                value.as(Term.Normed.class).flatMap(norm -> norm.x().as(Term.Heads.class));
        if (normed.isPresent()) {
            Term.Heads heads = normed.get();
            Term.Normed norm = (Term.Normed) value.term();
            Value whole = values.of(new Term.HeadNormed(heads.x(), norm.norm(), heads.size()), value);
            return Optional.of(new Headed(whole, heads.count(), heads.size()));
        }
        // What has four axes here is a single head.
        boolean single = value.width() > 0 && !(value.term() instanceof Numbers);
        return single ? Optional.of(new Headed(value, 1, value.width())) : Optional.empty();
    }

    /** What a norm makes of a value: of heads that lie one after the other, of each by itself. */
    static Term normed(Value x, Norm norm, Values values) {
        return x.as(Headed.class)
                .<Term>map(heads -> new Headed(
                        values.of(new Term.HeadNormed(heads.x(), norm, heads.size()), x), heads.count(), heads.size()))
                .orElseGet(() -> new Term.Normed(x, norm));
    }

    /** Of a graph without caches, the new tokens are all. */
    static Optional<Keys> keys(Value value) {
        return value.as(Keys.class)
                .or(() -> value.as(Headed.class)
                        .map(heads -> new Keys(heads.x(), heads.count(), heads.size(), 1, "", Layout.HEADS)));
    }

    private static Optional<Term> continued(Call call) {
        long axis = call.integer("axis", 0);
        boolean two = call.inputs().size() == 2 && (axis == 2 || axis == -2);
        return call.input(0, Term.Input.class)
                .filter(past -> two && Roles.isCache(past))
                .flatMap(past -> call.input(1, Headed.class)
                        .map(heads -> new Keys(heads.x(), heads.count(), heads.size(), 1, past.name(), Layout.HEADS)));
    }

    private static Optional<Term> apart(Call call) {
        boolean third = call.input(1, Term.Whole.class)
                .filter(axes -> axes.values().equals(List.of(2L)))
                .isPresent();
        return call.input(0)
                .filter(value -> third)
                .flatMap(HeadRules::keys)
                .filter(keys -> keys.layout() == Layout.HEADS && keys.times() == 1)
                .map(keys -> keys.in(Layout.APART));
    }

    private static Optional<Term> repeated(Call call) {
        Optional<Keys> keys = call.input(0, Keys.class).filter(found -> found.layout() == Layout.APART);
        Optional<List<Extent>> sizes = Sizes.of(call, 1).filter(all -> all.size() == 5);
        return keys.flatMap(found -> sizes.map(all -> all.get(2))
                .filter(size -> size.isKnown() && size.factor() > 0 && size.factor() <= 1 << 16)
                .map(size -> new Keys(
                        found.x(), found.count(), found.size(), size.factor(), found.cache(), Layout.REPEATED)));
    }

    private static Optional<Term> together(Call call) {
        Optional<Keys> keys = call.input(0, Keys.class);
        Optional<List<Long>> to = Sizes.dims(call, 1);
        return keys.flatMap(found -> to.flatMap(dims -> {
            long heads = found.count() * found.times();
            boolean apart = found.layout() == Layout.APART || found.layout() == Layout.REPEATED;
            if (apart && dims.size() == 4 && fits(dims.get(1), heads) && fits(dims.get(3), found.size())) {
                return Optional.of(found.in(Layout.HEADS));
            }
            boolean joins =
                    found.layout() == Layout.TOKENS && dims.size() == 3 && fits(dims.get(2), heads * found.size());
            return joins ? Optional.of(found.in(Layout.JOINED)) : Optional.empty();
        }));
    }

    private static boolean fits(long dim, long size) {
        return dim == size || dim == -1;
    }

    private static Optional<Term> scored(Call call, Values values) {
        Optional<Headed> query = call.input(0, Headed.class);
        Optional<Keys> keys = call.input(1, Keys.class).filter(found -> found.layout() == Layout.TURNED);
        return query.flatMap(heads -> keys.filter(found -> heads.size() == found.size())
                .filter(found -> {
                    long count = found.count() * found.times();
                    // A single head is for all of those of queries.
                    return count == heads.count() || count == 1;
                })
                .map(found -> new Scores(heads, found)));
    }

    /** Scores that may have been capped. */
    static Optional<Scores> scores(Optional<Value> value) {
        return value.flatMap(found -> found.as(Scores.class)
                .or(() -> found.as(Term.Capped.class)
                        .flatMap(capped -> capped.x()
                                .as(Scores.class)
                                .filter(Scores::isPlain)
                                .map(inner -> inner.within(capped.limit())))));
    }

    private static Optional<Term> scaled(Call call, Values values, boolean divides) {
        for (int i = 0; i < (divides ? 1 : 2); i++) {
            Optional<Double> number = call.input(1 - i, Numbers.class).flatMap(Numbers::single);
            Optional<Value> x = call.input(i);
            if (number.isPresent() && x.isPresent()) {
                double factor = divides ? 1 / number.get() : number.get();
                return scaled(x.get(), factor, values);
            }
        }
        return Optional.empty();
    }

    private static Optional<Term> scaled(Value x, double factor, Values values) {
        UnaryOperator<Value> times = value -> values.of(new Term.Scaled(value, factor), value);
        if (x.term() instanceof Headed heads) {
            return Optional.of(new Headed(times.apply(heads.x()), heads.count(), heads.size()));
        } else if (x.term() instanceof Keys keys && keys.layout() == Layout.TURNED) {
            // Those of the past get their factor here too, so that it is one of the scores.
            return Optional.of(new Keys(
                    times.apply(keys.x()), keys.count(), keys.size(), keys.times(), keys.cache(), keys.layout()));
        }
        return x.as(Scores.class).filter(Scores::isPlain).map(scores -> scores.times(factor));
    }

    private static Optional<Term> masked(Call call) {
        for (int i = 0; i < 2; i++) {
            Optional<Mask> mask = call.input(1 - i, Mask.class).filter(found -> found.form() == Term.Form.ADDED);
            Optional<Scores> scores =
                    scores(call.input(i)).filter(found -> found.mask().isEmpty() && !found.shares());
            if (mask.isPresent() && scores.isPresent()) {
                return Optional.of(scores.get().with(mask.get()));
            }
        }
        return Optional.empty();
    }

    private static Optional<Term> shares(Call call) {
        long axis = call.integer("axis", -1);
        return scores(call.input(0))
                .filter(scores -> axis == -1 || axis == 3)
                .filter(scores -> !scores.shares())
                .map(Scores::asShares);
    }

    /** Rows that see nothing, as of padding, are made zero. */
    private static Optional<Term> numbers(Call call) {
        Pattern.Captures captures = new Pattern.Captures();
        return call.input(2)
                .filter(value -> call.input(0)
                        .filter(condition -> NO_NUMBER.matches(condition, captures))
                        .filter(condition -> captures.value("x") == value)
                        .isPresent())
                .flatMap(value -> value.as(Scores.class))
                .map(Term.class::cast);
    }

    private static Optional<Term> attended(Call call, Values values) {
        Optional<Scores> shares = call.input(0, Scores.class).filter(found -> found.shares() && !found.isGrouped());
        Optional<Keys> all = call.input(1).flatMap(HeadRules::keys).filter(found -> found.layout() == Layout.HEADS);
        return shares.flatMap(scores -> all.flatMap(found -> scores.mask()
                .filter(Mask::causal)
                .flatMap(mask -> attended(scores, found, mask))
                .map(made -> heads(made, scores, call, values))));
    }

    /** What shares of keys are of values, head by head. */
    static Headed heads(Term.Attended made, Scores shares, Call call, Values values) {
        Value whole = call.input(0).map(from -> values.of(made, from)).orElseThrow();
        return new Headed(whole, shares.query().count(), shares.query().size());
    }

    static Optional<Term.Attended> attended(Scores shares, Keys held, Mask mask) {
        return attended(shares.query(), shares.keys(), held, shares.scale(), shares.cap(), mask.window())
                .map(made -> made.with(HeadScores.ofSinks(shares.sinks())));
    }

    /**
     * What all heads attend to.
     *
     * @param scale that products of queries and keys are multiplied by
     */
    static Optional<Term.Attended> attended(
            Headed query, Keys keys, Keys values, double scale, Optional<Double> cap, Optional<Window> window) {
        boolean fits = keys.count() == values.count()
                && keys.size() == query.size()
                && keys.size() == values.size()
                && keys.times() == values.times()
                && keys.count() > 0
                && query.count() % keys.count() == 0
                && query.count() <= 1 << 16
                && Roles.areOfOneLayer(keys.cache(), values.cache());
        Unscaled queries = Unscaled.of(query.x());
        Unscaled newKeys = Unscaled.of(keys.x());
        return fits
                ? Optional.of(new Term.Attended(
                        queries.x,
                        newKeys.x,
                        values.x(),
                        (int) query.count(),
                        (int) keys.count(),
                        Optional.of(scale * queries.factor * newKeys.factor),
                        cap,
                        window,
                        Optional.empty(),
                        HeadScores.NONE,
                        keys.cache().isEmpty() ? "no cache " + newKeys.x.order() : keys.cache()))
                : Optional.empty();
    }

    /** A factor of queries or keys is one of their products. */
    private record Unscaled(Value x, double factor) {

        private static Unscaled of(Value value) {
            boolean scaled =
                    value.term() instanceof Term.Scaled scale && !(scale.x().term() instanceof Term.Projected);
            return value.as(Term.Scaled.class)
                    .filter(scale -> scaled)
                    .map(scale -> new Unscaled(scale.x(), scale.factor()))
                    .orElse(new Unscaled(value, 1));
        }
    }
}
