package dev.twofold.source.onnx;

import dev.twofold.source.onnx.Term.Heads;
import java.util.List;
import java.util.Optional;

/** Heads that are cut out of others: those of queries, then the keys and the values that all of them share. */
final class SharedHeadRules {

    /** The axis of heads, in {@code [texts, tokens, heads, size]}. */
    private static final long AXIS = 2;

    static final List<Rule> ALL = List.of(
            new Rule("some of the heads", "Slice", SharedHeadRules::some),
            new Rule("one of the heads", "Gather", SharedHeadRules::one));

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

    private static Optional<Long> single(Call call, int input) {
        return call.input(input, Term.Whole.class)
                .map(Term.Whole::values)
                .filter(all -> all.size() == 1)
                .map(all -> all.get(0));
    }
}
