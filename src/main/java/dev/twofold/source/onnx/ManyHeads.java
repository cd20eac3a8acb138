package dev.twofold.source.onnx;

import dev.twofold.source.onnx.Pattern.Captures;
import dev.twofold.source.onnx.Term.Form;
import dev.twofold.source.onnx.Term.Headed;
import dev.twofold.source.onnx.Term.Keys;
import dev.twofold.source.onnx.Term.Mask;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * MultiHeadAttention, which has as many heads of keys as of queries: graphs repeat them before it, together with those of the past, or
 * it is given these itself.
 */
final class ManyHeads {

    private static final Set<String> READ = Set.of("num_heads", "scale", "unidirectional", "mask_filter_value");

    private static final Pattern.Applied PARTED = PatternText.parse("Reshape(?x, ?=parted)");

    /** Heads that are taken out of what is packed, each by itself. */
    private static final int MOST = 128;

    private ManyHeads() {}

    /** Queries, keys, values, a bias of all three, which tokens there are, what is added to scores, and the past. */
    static Optional<Term> attended(Call call, Values values) {
        long heads = call.integer("num_heads", 0);
        boolean plain = call.output() == 0
                && heads > 0
                && READ.containsAll(call.attributes().keySet())
                && call.number("mask_filter_value", MaskRules.LITTLE) <= MaskRules.LITTLE
                && call.inputs().stream().skip(8).allMatch(Optional::isEmpty);
        Optional<List<Value>> operands = plain ? operands(call, heads, values) : Optional.empty();
        Optional<Value> query = operands.map(all -> all.get(0)).filter(x -> x.width() > 0 && x.width() % heads == 0);
        if (query.isEmpty()) {
            return Optional.empty();
        }
        Headed queries = new Headed(query.get(), heads, query.get().width() / heads);
        Optional<Keys> keys = keys(call, operands.get().get(1), 6, queries);
        Optional<Keys> all = keys(call, operands.get().get(2), 7, queries);
        double scale = call.number("scale", 0);
        return keys.flatMap(first -> all.flatMap(second -> mask(call)
                        .flatMap(mask -> HeadRules.attended(
                                queries,
                                first,
                                second,
                                scale == 0 ? 1 / Math.sqrt(queries.size()) : scale,
                                Optional.empty(),
                                mask.window()))))
                .map(Term.class::cast);
    }

    /** Queries, keys and values with their biases: three, or one whose heads have all three side by side. */
    private static Optional<List<Value>> operands(Call call, long heads, Values values) {
        boolean packed = call.input(1).isEmpty() && call.input(2).isEmpty();
        Optional<List<Value>> three = packed
                ? call.input(0).flatMap(all -> unpacked(all, heads, values))
                : call.input(0)
                        .flatMap(query ->
                                call.input(1).flatMap(key -> call.input(2).map(value -> List.of(query, key, value))));
        return call.input(3).isEmpty() ? three : three.flatMap(all -> biased(all, call, values));
    }

    /** Of {@code [tokens, heads, 3, size]}. */
    private static Optional<List<Value>> unpacked(Value packed, long heads, Values values) {
        Captures captures = new Captures();
        boolean parted =
                packed.call().filter(call -> PARTED.matches(call, captures)).isPresent();
        if (!parted || heads < 1 || heads > MOST) {
            return Optional.empty();
        }
        List<Long> dims = captures.whole("parted");
        Value x = captures.value("x");
        boolean fits = dims.size() == 5
                && dims.subList(2, 4).equals(List.of(heads, 3L))
                && x.width() % (3 * heads) == 0
                && dims.get(4) > 0
                && dims.get(4) == x.width() / (3 * heads);
        return fits
                ? Optional.of(LongStream.range(0, 3)
                        .mapToObj(which -> ofEveryHead(x, heads, which, dims.get(4), values))
                        .toList())
                : Optional.empty();
    }

    private static Value ofEveryHead(Value x, long heads, long which, long size, Values values) {
        List<Value> parts = LongStream.range(0, heads)
                .map(head -> (3 * head + which) * size)
                .mapToObj(from -> values.part(x, from, from + size))
                .toList();
        return values.of(new Term.Joined(parts), x);
    }

    /** Biases of three projections, one after the other. */
    private static Optional<List<Value>> biased(List<Value> three, Call call, Values values) {
        long width = three.stream().mapToLong(Value::width).sum();
        Optional<Weight> biases = call.input(3, Term.Numbers.class)
                .map(Term.Numbers::weight)
                .filter(all -> all.shape().equals(Shape.of(width)));
        List<Value> result = new ArrayList<>();
        long from = 0;
        for (Value one : three) {
            long begin = from;
            long end = begin + Math.max(0, one.width());
            biases.map(all -> values.of(new Term.Numbers(Weights.slice(all, 0, begin, end), Optional.empty())))
                    .flatMap(bias -> projected(one, values).map(product -> values.of("Add", product, bias)))
                    .filter(sum -> sum.term() instanceof Term.Projected)
                    .ifPresent(result::add);
            from = end;
        }
        return result.size() == three.size() ? Optional.of(result) : Optional.empty();
    }

    /** What may have been cut out of another projection. */
    private static Optional<Value> projected(Value x, Values values) {
        return Projections.of(x)
                .filter(found -> found.clip().isEmpty())
                .map(found -> values.of(new Term.Projected(found.x(), found.linear()), x));
    }

    private static Optional<Keys> keys(Call call, Value x, int past, Headed queries) {
        Optional<Keys> joined = x.as(Keys.class)
                .filter(keys ->
                        keys.layout() == Layout.JOINED && call.input(past).isEmpty());
        return joined.or(() -> x.width() == queries.count() * queries.size()
                ? cache(call, past).map(name -> new Keys(x, queries.count(), queries.size(), 1, name, Layout.JOINED))
                : Optional.empty());
    }

    /** Without one, new tokens are all. */
    private static Optional<String> cache(Call call, int past) {
        return call.input(past).isEmpty()
                ? Optional.of("")
                : call.input(past, Term.Input.class).filter(Roles::isCache).map(Term.Input::name);
    }

    /** What is added, or that none sees what is after it. */
    private static Optional<Mask> mask(Call call) {
        boolean causal = call.integer("unidirectional", 0) == 1;
        boolean told = call.input(4).isEmpty()
                || call.input(4, Term.Input.class)
                        .filter(input -> Roles.isMask(input.name()))
                        .isPresent();
        Optional<Mask> added = call.input(5, Mask.class).filter(mask -> mask.form() == Form.ADDED);
        if (!told || call.input(5).isPresent() && added.isEmpty()) {
            return Optional.empty();
        }
        return added.or(() -> Optional.of(Mask.added(causal, Optional.empty())))
                .map(mask -> Mask.added(mask.causal() || causal, mask.window()))
                .filter(Mask::causal);
    }
}
