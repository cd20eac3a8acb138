package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Rule.spelled;

import dev.twofold.source.onnx.Pattern.Captures;
import dev.twofold.source.onnx.Term.Headed;
import dev.twofold.source.onnx.Term.Heads;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Heads that are cut out of others: those of queries, then the keys and the values that all of them share. */
final class SharedHeadRules {

    /** The axis of heads, in {@code [texts, tokens, heads, size]}. */
    private static final long AXIS = 2;

    /** Queries of all heads, then keys and values of one, as if all were one head. */
    private static final String SPLIT = "Split{axis=3}:%d(Unsqueeze(?x, =1), ?=sizes)";

    static final List<Rule> ALL = List.of(
            new Rule("some of the heads", "Slice", SharedHeadRules::some),
            new Rule("one of the heads", "Gather", SharedHeadRules::one),
            spelled(
                    "heads of queries before a single head of keys",
                    "Reshape(" + String.format(SPLIT, 0) + ", ?shape)",
                    SharedHeadRules::queries),
            spelled(
                    "a single head of keys behind queries",
                    String.format(SPLIT, 1),
                    (captures, values) -> single(captures, 1, values)),
            spelled(
                    "a single head of values behind keys",
                    String.format(SPLIT, 2),
                    (captures, values) -> single(captures, 2, values)));

    private SharedHeadRules() {}

    private static Optional<Term> some(Call call, Values values) {
        boolean plain = single(call, 3).equals(Optional.of(AXIS))
                && (call.input(4).isEmpty() || single(call, 4).equals(Optional.of(1L)));
        return call.input(0, Heads.class)
                .filter(heads -> plain)
                .flatMap(heads -> single(call, 1)
                        .flatMap(from -> single(call, 2)
                                .flatMap(to -> cut(heads, place(from, heads), place(to, heads), values))));
    }

    private static Optional<Term> one(Call call, Values values) {
        return call.input(0, Heads.class)
                .filter(heads -> call.integer("axis", 0) == AXIS)
                .flatMap(heads -> single(call, 1)
                        .filter(index -> index >= -heads.count() && index < heads.count())
                        .map(index -> place(index, heads))
                        .flatMap(index -> cut(heads, index, index + 1, values)));
    }

    /** What is below 0 counts from the last one back; what is beyond the ends is at them. */
    private static long place(long index, Heads heads) {
        long forward = index < 0 ? index + heads.count() : index;
        return Math.max(0, Math.min(heads.count(), forward));
    }

    private static Optional<Term> cut(Heads heads, long from, long to, Values values) {
        return from < to
                ? Optional.of(new Heads(
                        values.part(heads.x(), from * heads.size(), to * heads.size()), to - from, heads.size()))
                : Optional.empty();
    }

    private static Optional<Term> queries(Captures captures, Values values) {
        return sizes(captures).flatMap(sizes -> {
            long width = sizes.get(0);
            long size = sizes.get(1);
            boolean heads = Sizes.of(captures.value("shape"))
                    .filter(shape -> Stream.of(Extent.of(-1), Extent.of(width / size))
                            .map(count -> List.of(Extent.BATCH, Extent.NEW, count, Extent.of(size)))
                            .anyMatch(shape::equals))
                    .isPresent();
            return heads && width % size == 0
                    ? Optional.of(new Heads(values.part(captures.value("x"), 0, width), width / size, size))
                    : Optional.empty();
        });
    }

    /** @param place among queries, keys and values */
    private static Optional<Term> single(Captures captures, int place, Values values) {
        return sizes(captures).map(sizes -> {
            long from =
                    sizes.subList(0, place).stream().mapToLong(Long::longValue).sum();
            return new Headed(values.part(captures.value("x"), from, from + sizes.get(place)), 1, sizes.get(place));
        });
    }

    /** Of queries, keys and values, which are the whole of a projection. */
    private static Optional<List<Long>> sizes(Captures captures) {
        List<Long> sizes = captures.whole("sizes");
        long width = captures.value("x").width();
        boolean inside = sizes.size() == 3 && sizes.stream().allMatch(size -> size > 0 && size <= width);
        return inside && sizes.stream().mapToLong(Long::longValue).sum() == width
                ? Optional.of(sizes)
                : Optional.empty();
    }

    private static Optional<Long> single(Call call, int input) {
        return call.input(input, Term.Whole.class)
                .map(Term.Whole::values)
                .filter(all -> all.size() == 1)
                .map(all -> all.get(0));
    }
}
