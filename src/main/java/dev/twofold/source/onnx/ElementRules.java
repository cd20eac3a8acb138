package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Call.MICROSOFT;

import dev.twofold.decoder.Activation;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.source.onnx.Term.Numbers;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** What is done element by element, and how values are cut, joined and reshaped. */
final class ElementRules {

    /** Those that {@link Spellings} go before. */
    static final List<Rule> ALL = List.of(
            new Rule("a bias", "Add", (call, values) -> biased(call)),
            new Rule("a sum", "Add", (call, values) -> sum(call)),
            new Rule("a gain", "Mul", (call, values) -> gained(call, values)),
            new Rule("a factor", "Mul", (call, values) -> scaled(call, false)),
            new Rule("a factor of each position", "Mul", (call, values) -> tempered(call)),
            new Rule("a divisor", "Div", (call, values) -> scaled(call, true)),
            new Rule("a product", "Mul", (call, values) -> product(call)),
            new Rule("GELU", "Gelu", (call, values) -> gelu(call)),
            new Rule(
                    "GELU of the runtime",
                    MICROSOFT + "Gelu",
                    (call, values) -> activated(call, Activation.Plain.GELU)),
            new Rule(
                    "GELU by a tangent",
                    MICROSOFT + "FastGelu",
                    (call, values) -> activated(call, Activation.Plain.GELU_TANH)),
            new Rule("ReLU", "Relu", (call, values) -> activated(call, Activation.Plain.RELU)),
            new Rule("SiLU", "Swish", (call, values) -> swish(call)),
            new Rule("SiLU of the runtime", MICROSOFT + "QuickGelu", (call, values) -> swish(call)),
            new Rule("parts", "Split", ElementRules::split),
            new Rule("a part", "Slice", ElementRules::slice),
            new Rule("the last token", "Gather", (call, values) -> lastToken(call)),
            new Rule("one by itself", "Concat", (call, values) -> alone(call)),
            new Rule("side by side", "Concat", (call, values) -> joined(call)),
            new Rule(
                    "the same, passed on",
                    "Identity",
                    (call, values) -> call.input(0).map(Term.Same::new)),
            new Rule("the same in another type", "Cast", (call, values) -> cast(call)),
            new Rule("what is given, in its own shape", "Reshape", (call, values) -> given(call)),
            new Rule("heads, or heads side by side", "Reshape", (call, values) -> reshaped(call)));

    private ElementRules() {}

    private static Optional<Term> biased(Call call) {
        for (int i = 0; i < 2; i++) {
            Optional<Term.Projected> product = call.input(i, Term.Projected.class);
            Optional<Weight> bias = call.input(1 - i, Numbers.class).map(Numbers::weight);
            if (product.isPresent() && bias.isPresent()) {
                Linear linear = product.get().linear();
                boolean fits = linear.bias().isEmpty() && bias.get().shape().equals(Shape.of(linear.outputs()));
                return fits
                        ? Optional.of(new Term.Projected(product.get().x(), new Linear(linear.weight(), bias)))
                        : Optional.empty();
            }
        }
        return Optional.empty();
    }

    private static Optional<Term> sum(Call call) {
        return pair(call).map(pair -> new Term.Sum(pair.get(0), pair.get(1)));
    }

    private static Optional<Term> product(Call call) {
        return pair(call).map(pair -> new Term.Product(pair.get(0), pair.get(1)));
    }

    /** Two values of one known width. */
    private static Optional<List<Value>> pair(Call call) {
        Optional<Value> first = call.input(0).filter(ElementRules::isComputed);
        Optional<Value> second = call.input(1).filter(ElementRules::isComputed);
        return first.flatMap(a -> second.filter(b -> a.width() == b.width()).map(b -> List.of(a, b)));
    }

    private static boolean isComputed(Value value) {
        return value.width() > 0 && !(value.term() instanceof Numbers);
    }

    /** Whether an axis is the last one: heads that are apart have an axis of their own before it. */
    private static boolean isLast(long axis, Value value) {
        // Parts of heads are parted once more to be turned.
        Value whole = value.as(Term.Part.class).map(Term.Part::x).orElse(value);
        Value inner = whole.as(Term.Normed.class).map(Term.Normed::x).orElse(whole);
        boolean heads = inner.term() instanceof Term.Heads || inner.term() instanceof Term.Headed;
        return axis == -1 || axis == (heads ? 3 : 2);
    }

    private static Optional<Term> gained(Call call, Values values) {
        for (int i = 0; i < 2; i++) {
            Optional<Value> x = call.input(i).filter(ElementRules::isComputed);
            Optional<Weight> gain = call.input(1 - i, Numbers.class)
                    .filter(numbers -> numbers.single().isEmpty())
                    .map(Numbers::weight)
                    .filter(weight -> weight.shape().rank() == 1);
            if (x.isPresent()
                    && gain.isPresent()
                    && gain.get().shape().dim(0) == x.get().width()) {
                Optional<Term.Unit> unit = x.get().as(Term.Unit.class);
                Weight known = Constants.simplest(gain.get(), values);
                return Optional.of(unit.map(norm -> HeadRules.normed(
                                norm.x(), new Norm(norm.kind(), known, Optional.empty(), norm.epsilon()), values))
                        .orElseGet(() -> new Term.Gained(x.get(), known)));
            }
        }
        return Optional.empty();
    }

    private static Optional<Term> scaled(Call call, boolean divides) {
        for (int i = 0; i < (divides ? 1 : 2); i++) {
            Optional<Value> x = call.input(i).filter(ElementRules::isComputed);
            Optional<Double> factor = call.input(1 - i, Numbers.class).flatMap(Numbers::single);
            if (x.isPresent() && factor.isPresent()) {
                return Optional.of(new Term.Scaled(x.get(), divides ? 1 / factor.get() : factor.get()));
            }
        }
        return Optional.empty();
    }

    private static Optional<Term> tempered(Call call) {
        for (int i = 0; i < 2; i++) {
            Optional<Value> x = call.input(i).filter(ElementRules::isComputed);
            Optional<Weight> table = call.input(1 - i, Term.Positions.class)
                    .map(Term.Positions::table)
                    .filter(column -> column.shape().columns() == 1);
            if (x.isPresent() && table.isPresent() && x.get().width() > 1) {
                return Optional.of(new Term.Tempered(x.get(), table.get()));
            }
        }
        return Optional.empty();
    }

    private static Optional<Term> gelu(Call call) {
        return activated(
                call,
                call.text("approximate", "none").equals("tanh") ? Activation.Plain.GELU_TANH : Activation.Plain.GELU);
    }

    /** One with a bias of its own is not read. */
    private static Optional<Term> activated(Call call, Activation activation) {
        return call.inputs().size() == 1
                ? call.input(0).filter(ElementRules::isComputed).map(x -> new Term.Activated(x, activation))
                : Optional.empty();
    }

    private static Optional<Term> swish(Call call) {
        boolean runtime = call.operator().startsWith(MICROSOFT);
        return call.number("alpha", runtime ? 1.702 : 1) == 1
                ? activated(call, Activation.Plain.SILU)
                : Optional.empty();
    }

    private static Optional<Term> split(Call call, Values values) {
        Optional<Value> x = call.input(0).filter(value -> value.width() > 0);
        if (x.filter(value -> isLast(call.integer("axis", 0), value)).isEmpty()) {
            return Optional.empty();
        }
        Optional<List<Long>> sizes = call.input(1, Term.Whole.class)
                .map(Term.Whole::values)
                .or(() -> evenly(x.get().width(), call.integer("num_outputs", 0)))
                .filter(all -> all.stream().allMatch(size -> size > 0)
                        && all.stream().mapToLong(Long::longValue).sum()
                                == x.get().width());
        return sizes.filter(all -> call.output() < all.size()).map(all -> {
            long from = all.subList(0, call.output()).stream()
                    .mapToLong(Long::longValue)
                    .sum();
            return new Term.Same(values.part(x.get(), from, from + all.get(call.output())));
        });
    }

    private static Optional<List<Long>> evenly(long width, long count) {
        return count > 0 && count <= width && width % count == 0
                ? Optional.of(Collections.nCopies((int) count, width / count))
                : Optional.empty();
    }

    /** Of the last axis, or the last token of all. */
    private static Optional<Term> slice(Call call, Values values) {
        Optional<Value> x = call.input(0).filter(value -> value.width() > 0);
        Optional<Long> from = single(call, 1);
        Optional<Long> to = single(call, 2);
        Optional<Long> axis = single(call, 3);
        boolean steps = call.input(4).isPresent() && !single(call, 4).equals(Optional.of(1L));
        if (x.isEmpty() || from.isEmpty() || to.isEmpty() || axis.isEmpty() || steps) {
            return Optional.empty();
        }
        if (axis.get() == 1 && from.get() == -1 && to.get() > Integer.MAX_VALUE) {
            return Optional.of(new Term.LastToken(x.get()));
        }
        long end = to.get() > Integer.MAX_VALUE ? x.get().width() : to.get();
        boolean inside = isLast(axis.get(), x.get()) && from.get() >= 0 && from.get() < end;
        if (!inside || end > x.get().width()) {
            return Optional.empty();
        }
        return Optional.of(x.get()
                .as(Term.Rows.class)
                .<Term>map(rows -> new Term.Rows(Weights.slice(rows.table(), 1, from.get(), end)))
                .orElseGet(() -> new Term.Same(values.part(x.get(), from.get(), end))));
    }

    private static Optional<Term> lastToken(Call call) {
        boolean last = call.integer("axis", 0) == 1 && single(call, 1).equals(Optional.of(-1L));
        return call.input(0).filter(x -> last && isComputed(x)).map(Term.LastToken::new);
    }

    private static Optional<Long> single(Call call, int input) {
        return call.input(input, Term.Whole.class)
                .map(Term.Whole::values)
                .filter(values -> values.size() == 1)
                .map(values -> values.get(0));
    }

    private static Optional<Term> alone(Call call) {
        return call.inputs().size() == 1 ? call.input(0).map(Term.Same::new) : Optional.empty();
    }

    private static Optional<Term> joined(Call call) {
        long axis = call.integer("axis", 0);
        List<Value> parts = new ArrayList<>();
        call.inputs().forEach(input -> input.ifPresent(parts::add));
        boolean all = parts.stream().allMatch(part -> isComputed(part) && isLast(axis, part)) && !parts.isEmpty();
        return all ? Optional.of(new Term.Joined(parts)) : Optional.empty();
    }

    /**
     * What is counted stays what it is in another type of whole numbers, and what is computed in another type of floating-point
     * numbers, which only says how exactly.
     */
    private static Optional<Term> cast(Call call) {
        long to = call.integer("to", 0);
        boolean floating = to == 1 || to == 10 || to == 11 || to == 16;
        boolean whole = to == 6 || to == 7;
        return call.input(0)
                .filter(x -> floating && x.width() > 0
                        || floating && x.term() instanceof Numbers
                        || floating
                                && x.as(Term.Constant.class)
                                        .filter(constant -> constant.tensor().isFloating())
                                        .isPresent()
                        || floating
                                && x.as(Term.Input.class).filter(Roles::isCache).isPresent()
                        || whole
                                && (x.term() instanceof Term.Tokens
                                        || x.term() instanceof Term.Input
                                        || x.term() instanceof Term.Whole))
                .map(Term.Same::new);
    }

    private static Optional<Term> given(Call call) {
        Optional<List<Extent>> own = call.input(0)
                .filter(value -> value.term() instanceof Term.Input)
                .flatMap(Sizes::shape);
        Optional<List<Extent>> to = Sizes.of(call, 1);
        boolean same = own.filter(
                        shape -> to.filter(dims -> isShape(dims, shape)).isPresent())
                .isPresent();
        return same ? call.input(0).map(Term.Same::new) : Optional.empty();
    }

    /** One size may be left to follow from the others. */
    private static boolean isShape(List<Extent> dims, List<Extent> shape) {
        int left = 0;
        for (int i = 0; i < dims.size(); i++) {
            boolean follows = dims.get(i).equals(Extent.of(-1));
            left += follows ? 1 : 0;
            if (dims.size() != shape.size() || !follows && !dims.get(i).equals(shape.get(i)) || left > 1) {
                return false;
            }
        }
        return true;
    }

    private static Optional<Term> reshaped(Call call) {
        Optional<Value> x = call.input(0).filter(ElementRules::isComputed);
        Optional<List<Long>> dims = Sizes.dims(call, 1).filter(all -> all.size() > 1);
        boolean empty = call.integer("allowzero", 0) != 0
                && Sizes.of(call, 1)
                        .filter(sizes -> sizes.contains(Extent.of(0)))
                        .isPresent();
        if (x.isEmpty() || dims.isEmpty() || empty) {
            return Optional.empty();
        }
        Value value = x.get();
        long size = size(dims.get(), value);
        if (size == value.width()) {
            return Optional.of(new Term.Same(value));
        }
        Optional<Term.Normed> normed = value.as(Term.Normed.class);
        Optional<Term.Heads> heads = normed.map(Term.Normed::x).orElse(value).as(Term.Heads.class);
        if (heads.isPresent()) {
            boolean whole = size == heads.get().size() * heads.get().count()
                    || size == -1 && dims.get().equals(List.of(0L, 0L, -1L));
            return whole
                    ? Optional.of(normed.<Term>map(norm -> new Term.HeadNormed(
                                    heads.get().x(), norm.norm(), heads.get().size()))
                            .orElseGet(() -> new Term.Same(heads.get().x())))
                    : Optional.empty();
        }
        return size > 0 && value.width() % size == 0
                ? Optional.of(new Term.Heads(value, value.width() / size, size))
                : Optional.empty();
    }

    /** Of the last axis, which may follow from the number of heads before it. */
    private static long size(List<Long> dims, Value value) {
        long last = dims.get(dims.size() - 1);
        long heads = dims.get(dims.size() - 2);
        return last == -1 && dims.size() == 4 && heads > 0 && value.width() % heads == 0 ? value.width() / heads : last;
    }
}
