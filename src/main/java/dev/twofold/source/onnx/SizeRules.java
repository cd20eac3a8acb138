package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Rule.spelled;

import dev.twofold.graph.proto.TensorProto.DataType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/** Whole numbers that graphs compute shapes with. */
final class SizeRules {

    /** Those that go before the rules of operators that do this with anything else. */
    static final List<Rule> ALL = Stream.of(
                    Stream.of("Unsqueeze", "Squeeze", "Reshape", "Cast")
                            .map(operator -> new Rule("the same size", operator, (call, values) -> same(call))),
                    Stream.of(
                            new Rule("a shape", "Shape", (call, values) -> shape(call)),
                            new Rule("sizes that are taken", "Gather", (call, values) -> taken(call)),
                            new Rule("a stretch of sizes", "Slice", (call, values) -> sliced(call)),
                            new Rule("sizes one after the other", "Concat", (call, values) -> joined(call)),
                            new Rule("one size several times", "ConstantOfShape", (call, values) -> filled(call)),
                            computed("a sum of sizes", "Add", Extent::plus),
                            computed("a difference of sizes", "Sub", Extent::minus),
                            computed("a product of sizes", "Mul", Extent::times),
                            computed("a quotient of sizes", "Div", Extent::over),
                            spelled(
                                    "a shape to expand to",
                                    "Where(Equal(?x, Mul(ConstantOfShape{value=any}(?s), =-1)), "
                                            + "ConstantOfShape{value=any}(?s), ?x)",
                                    SizeRules::expanded)))
            .flatMap(rules -> rules)
            .toList();

    private SizeRules() {}

    private static Optional<Term> same(Call call) {
        boolean plain = !call.operator().equals("Reshape")
                || Sizes.of(call, 1)
                        .filter(to -> to.size() <= 1 && to.stream().allMatch(Extent::isKnown))
                        .isPresent();
        boolean whole = !call.operator().equals("Cast") || isWhole(call.integer("to", 0));
        return plain && whole ? Sizes.of(call, 0).map(Sizes::term) : Optional.empty();
    }

    private static boolean isWhole(long type) {
        return type == DataType.INT32_VALUE || type == DataType.INT64_VALUE;
    }

    private static Optional<Term> shape(Call call) {
        Optional<List<Extent>> shape = call.input(0).flatMap(SizeRules::shape).or(() -> past(call));
        return shape.flatMap(all -> {
            long from = place(call.integer("start", 0), all.size());
            long to = place(call.integer("end", all.size()), all.size());
            return from <= to ? Optional.of(Sizes.term(all.subList((int) from, (int) to))) : Optional.empty();
        });
    }

    /** What is only cast, or filled, has the shape that was said. */
    private static Optional<List<Extent>> shape(Value value) {
        Optional<Call> call = value.call();
        Optional<Value> cast =
                call.filter(found -> found.operator().equals("Cast")).flatMap(found -> found.input(0));
        Optional<List<Extent>> filled =
                call.filter(found -> found.operator().equals("ConstantOfShape")).flatMap(found -> Sizes.of(found, 0));
        return Sizes.shape(value)
                .or(() -> cast.flatMap(Sizes::shape))
                .or(() -> filled)
                .or(() -> turning(value))
                .or(() -> value.as(Term.Angles.class)
                        .map(angles -> List.of(Extent.BATCH, Extent.NEW, Extent.of(angles.width()))));
    }

    /** Of cosines and sines that have an axis for heads. */
    private static Optional<List<Extent>> turning(Value value) {
        boolean apart = value.call()
                .filter(call ->
                        call.operator().equals("Unsqueeze") && single(call, 1).equals(Optional.of(1L)))
                .isPresent();
        return value.as(Term.Wave.class)
                .filter(wave -> apart)
                .map(wave -> List.of(
                        Extent.BATCH,
                        Extent.of(1),
                        Extent.NEW,
                        Extent.of(wave.angles().width())));
    }

    /** Of what is given of the past, how many texts and how many tokens it has. */
    private static Optional<List<Extent>> past(Call call) {
        boolean cache = call.input(0, Term.Input.class).filter(Roles::isCache).isPresent();
        return cache ? Optional.of(List.of(Extent.BATCH, Extent.UNSEEN, Extent.PAST, Extent.UNSEEN)) : Optional.empty();
    }

    private static long place(long index, int size) {
        return Math.max(0, Math.min(size, index < 0 ? index + size : index));
    }

    private static Optional<Term> taken(Call call) {
        Optional<List<Extent>> sizes = Sizes.of(call, 0);
        Optional<List<Long>> index = call.input(1, Term.Whole.class)
                .map(Term.Whole::values)
                .filter(all -> all.size() == 1 && call.integer("axis", 0) == 0);
        return sizes.flatMap(all -> index.map(found -> found.get(0))
                .map(at -> at < 0 ? at + all.size() : at)
                .filter(at -> at >= 0 && at < all.size())
                .map(at -> all.get(at.intValue()))
                .map(size -> Sizes.term(List.of(size))));
    }

    private static Optional<Term> sliced(Call call) {
        Optional<List<Extent>> sizes = Sizes.of(call, 0);
        Optional<Long> from = single(call, 1);
        Optional<Long> to = single(call, 2);
        boolean plain = (call.input(3).isEmpty() || single(call, 3).equals(Optional.of(0L)))
                && (call.input(4).isEmpty() || single(call, 4).equals(Optional.of(1L)));
        return sizes.filter(all -> plain)
                .flatMap(all -> from.flatMap(first -> to.map(last -> {
                    long begin = place(first, all.size());
                    return Sizes.term(all.subList((int) begin, (int) Math.max(begin, place(last, all.size()))));
                })));
    }

    private static Optional<Term> filled(Call call) {
        Optional<Long> one = Optional.ofNullable(call.attributes().get("value"))
                .flatMap(value -> Constants.wholeFilled(value.getT()));
        return Sizes.of(call, 0)
                .filter(sizes -> sizes.size() == 1 && sizes.get(0).isKnown())
                .map(sizes -> sizes.get(0).factor())
                .filter(count -> count > 0 && count <= Sizes.MOST)
                .flatMap(count -> one.map(value -> new Term.Whole(Collections.nCopies(count.intValue(), value))));
    }

    private static Optional<Long> single(Call call, int input) {
        return call.input(input, Term.Whole.class)
                .map(Term.Whole::values)
                .filter(values -> values.size() == 1)
                .map(values -> values.get(0));
    }

    private static Optional<Term> joined(Call call) {
        List<Extent> all = new ArrayList<>();
        for (Optional<Value> input : call.inputs()) {
            Optional<List<Extent>> sizes = input.flatMap(Sizes::of);
            if (sizes.isEmpty()) {
                return Optional.empty();
            }
            all.addAll(sizes.get());
        }
        return call.integer("axis", 0) == 0 && all.size() <= Sizes.MOST
                ? Optional.of(Sizes.term(all))
                : Optional.empty();
    }

    private static Rule computed(String name, String operator, BiFunction<Extent, Extent, Optional<Extent>> made) {
        return new Rule(name, operator, (call, values) -> {
            Optional<Extent> first = one(call, 0);
            Optional<Extent> second = one(call, 1);
            return first.flatMap(a -> second.flatMap(b -> made.apply(a, b))).map(size -> Sizes.term(List.of(size)));
        });
    }

    private static Optional<Extent> one(Call call, int input) {
        return Sizes.of(call, input).filter(sizes -> sizes.size() == 1).map(sizes -> sizes.get(0));
    }

    /** What is -1 there keeps its size. */
    private static Optional<Term> expanded(Pattern.Captures captures) {
        return Sizes.of(captures.value("x")).map(Sizes::term);
    }
}
