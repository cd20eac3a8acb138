package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Rule.spelled;

import dev.twofold.source.onnx.Pattern.Captures;
import dev.twofold.source.onnx.Term.Headed;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/** Heads that have queries, keys and values side by side, in equal thirds, as PyTorch's tracer spells it. */
final class ThirdsRules {

    /** Heads that are cut by themselves: each is a part of a projection. */
    private static final int MOST = 128;

    private static final String END = "Mul(Div(Add(Gather{axis=0}(Shape(?x), =-1), =2), =3), =%d)";

    static final List<Rule> ALL = List.of(
            spelled(
                    "the first third of each head",
                    "Slice(?x, =0, " + String.format(END, 1) + ", =-1)",
                    (captures, values) -> third(captures, 0, values)),
            spelled(
                    "the second third of each head",
                    "Slice(?x, " + String.format(END, 1) + ", " + String.format(END, 2) + ", =-1)",
                    (captures, values) -> third(captures, 1, values)),
            spelled(
                    "the last third of each head",
                    "Slice(?x, " + String.format(END, 2) + ", " + String.format(END, 3) + ", =-1)",
                    (captures, values) -> third(captures, 2, values)));

    private ThirdsRules() {}

    private static Optional<Term> third(Captures captures, long place, Values values) {
        return captures.value("x")
                .as(Headed.class)
                .filter(heads -> heads.size() % 3 == 0 && heads.count() <= MOST)
                .map(heads -> third(heads, place, captures.value("x"), values));
    }

    private static Headed third(Headed heads, long place, Value from, Values values) {
        long size = heads.size() / 3;
        List<Value> parts = LongStream.range(0, heads.count())
                .map(head -> head * heads.size() + place * size)
                .mapToObj(begin -> values.part(heads.x(), begin, begin + size))
                .toList();
        Value all = parts.size() == 1 ? parts.get(0) : values.of(new Term.Joined(parts), from);
        return new Headed(all, heads.count(), size);
    }
}
