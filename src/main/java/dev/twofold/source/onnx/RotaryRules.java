package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Rule.spelled;

import dev.twofold.source.onnx.Pattern.Captures;
import dev.twofold.source.onnx.Term.Angles;
import dev.twofold.source.onnx.Term.Count;
import dev.twofold.source.onnx.Term.Headed;
import dev.twofold.source.onnx.Term.Numbers;
import dev.twofold.source.onnx.Term.Turn;
import dev.twofold.source.onnx.Term.Wave;
import dev.twofold.weight.Weight;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Rotary positions whose cosines and sines a graph computes itself, and heads that are turned in single operators. */
final class RotaryRules {

    static final List<Rule> ALL = List.of(
            spelled("angles", "Mul(Cast{to=any}(Unsqueeze(?p, ?=a)), ?f)", RotaryRules::angles),
            spelled(
                    "angles by a product",
                    "Transpose{perm=[0,2,1]}(MatMul(?f, Cast{to=any}(Unsqueeze(?p, ?=a))))",
                    RotaryRules::angles),
            spelled(
                    "angles by a product, frequencies for each text",
                    "Transpose{perm=[0,2,1]}(MatMul(Expand(?f, ?s), Cast{to=any}(Unsqueeze(?p, ?=a))))",
                    RotaryRules::angles),
            spelled(
                    "heads that are turned",
                    "Add(Mul(?x, ?c), Mul(Concat{axis=-1}(Neg(?b), ?a), ?s))",
                    RotaryRules::turned),
            new Rule("heads of which a part is turned", "Concat", RotaryRules::whole),
            new Rule("angles of both halves", "Concat", (call, values) -> twice(call)),
            new Rule("cosines", "Cos", (call, values) -> wave(call, false)),
            new Rule("sines", "Sin", (call, values) -> wave(call, true)),
            new Rule("cosines or sines times a factor", "Mul", (call, values) -> scaled(call)),
            new Rule("cosines or sines in another type", "Cast", (call, values) -> same(call)),
            new Rule("cosines or sines for each head", "Unsqueeze", (call, values) -> same(call)),
            new Rule("rotary positions by cosines and sines", "RotaryEmbedding", RotaryRules::embedded));

    /** Pairs of a head. */
    private static final long WIDEST = 1 << 13;

    private RotaryRules() {}

    /** Where there is a past, new tokens do not stand where they are counted. */
    private static Optional<Term> angles(Captures captures, Values values) {
        Value positions = captures.value("p");
        boolean known = Roles.isPositions(positions)
                || positions
                        .as(Term.Grid.class)
                        .filter(grid -> grid.added() == 0 && grid.axis() == 0)
                        .filter(grid ->
                                grid.count() == Count.QUERIES || grid.count() != Count.TEXTS && !values.haveCaches())
                        .isPresent();
        return Optional.of(captures.value("f"))
                .filter(f -> known)
                .flatMap(RotaryRules::vector)
                .map(frequencies -> new Angles(frequencies, false));
    }

    /** Frequencies, with however many axes they are spelled. */
    private static Optional<Weight> vector(Value value) {
        return value.as(Numbers.class)
                .or(() -> value.as(Term.Constant.class).flatMap(Constants::flat))
                .map(Numbers::weight)
                .filter(weight -> weight.shape().rank() == 1 && weight.shape().dim(0) <= WIDEST);
    }

    private static Optional<Term> twice(Call call) {
        Optional<Angles> angles = call.input(0, Angles.class).filter(found -> !found.twice());
        boolean both = call.inputs().size() == 2
                && call.integer("axis", 0) == -1
                && call.input(0).equals(call.input(1));
        return angles.filter(found -> both).map(found -> new Angles(found.frequencies(), true));
    }

    private static Optional<Term> wave(Call call, boolean sine) {
        return call.input(0, Angles.class).map(angles -> new Wave(angles, sine, 1));
    }

    private static Optional<Term> scaled(Call call) {
        for (int i = 0; i < 2; i++) {
            Optional<Double> factor = call.input(1 - i, Numbers.class).flatMap(Numbers::single);
            Optional<Wave> wave = call.input(i, Wave.class);
            if (factor.isPresent() && wave.isPresent()) {
                return wave.map(found -> new Wave(found.angles(), found.sine(), found.factor() * factor.get()));
            }
        }
        return Optional.empty();
    }

    private static Optional<Term> same(Call call) {
        return call.input(0, Wave.class).map(Term.class::cast);
    }

    private static Optional<Term> turned(Captures captures, Values values) {
        Value x = captures.value("x");
        boolean halves = isPart(captures.value("a"), x, 0) && isPart(captures.value("b"), x, x.width() / 2);
        return halves && x.width() % 2 == 0
                ? turn(captures.value("c"), captures.value("s"), true, values).flatMap(turn -> turned(x, turn, values))
                : Optional.empty();
    }

    /** All of each head, or its first elements. */
    private static Optional<Term> turned(Value x, Turn turn, Values values) {
        Optional<Term> whole = x.as(Headed.class).map(heads -> turned(heads, turn, x, values));
        return whole.or(() -> x.as(Term.Part.class)
                .filter(part -> part.from() == 0)
                .flatMap(part ->
                        part.x().as(Headed.class).map(heads -> new Term.TurnedPart(part.x(), turn, part.to()))));
    }

    private static Headed turned(Headed heads, Turn turn, Value from, Values values) {
        Value rotated = values.of(new Term.Rotated(heads.x(), turn, heads.size()), from);
        return new Headed(rotated, heads.count(), heads.size());
    }

    /** What turns, and what stays as it is behind it. */
    private static Optional<Term> whole(Call call, Values values) {
        Optional<Term.TurnedPart> first = call.input(0, Term.TurnedPart.class);
        Optional<Term.Part> rest = call.input(1, Term.Part.class);
        long axis = call.integer("axis", 0);
        return first.filter(part -> call.inputs().size() == 2 && (axis == -1 || axis == 3))
                .filter(part -> rest.filter(found -> found.x() == part.heads()
                                && found.from() == part.width()
                                && found.to() == part.heads().width())
                        .isPresent())
                .flatMap(part ->
                        part.heads().as(Headed.class).map(heads -> turned(heads, part.turn(), part.heads(), values)));
    }

    private static boolean isPart(Value value, Value whole, long from) {
        return value.as(Term.Part.class)
                .filter(part -> part.x() == whole && part.from() == from && part.to() == from + whole.width() / 2)
                .isPresent();
    }

    private static Optional<Turn> turn(Value cosines, Value sines, boolean twice, Values values) {
        Optional<Wave> cosine = cosines.as(Wave.class).filter(wave -> !wave.sine());
        Optional<Wave> sine = sines.as(Wave.class).filter(Wave::sine);
        return cosine.flatMap(cos -> sine.filter(sin -> sin.angles().equals(cos.angles())
                        && sin.factor() == cos.factor()
                        && sin.angles().twice() == twice)
                .map(sin -> new Turn(table(cos, values), table(sin, values), false)));
    }

    private static Weight table(Wave wave, Values values) {
        List<Float> frequencies = new ArrayList<>();
        for (float frequency : values.numbers().read(wave.angles().frequencies())) {
            frequencies.add(frequency);
        }
        return new WaveTable(frequencies, wave.sine(), wave.factor()).table();
    }

    private static Optional<Term> embedded(Call call, Values values) {
        Optional<Turn> turn = call.input(1).flatMap(cos -> call.input(2).flatMap(sin -> turn(cos, sin, false, values)));
        boolean plain = call.inputs().size() == 3 && call.integer("rotary_embedding_dim", 0) == 0;
        return turn.filter(found -> plain)
                .map(found -> new Turn(found.cosines(), found.sines(), call.integer("interleaved", 0) == 1))
                .flatMap(found ->
                        call.input(0).flatMap(x -> x.as(Headed.class).map(heads -> turned(heads, found, x, values))));
    }
}
