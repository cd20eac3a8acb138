package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Rule.spelled;

import dev.twofold.source.onnx.Pattern.Captures;
import dev.twofold.source.onnx.Term.Angles;
import dev.twofold.source.onnx.Term.Count;
import dev.twofold.source.onnx.Term.Headed;
import dev.twofold.source.onnx.Term.Numbers;
import dev.twofold.source.onnx.Term.Placed;
import dev.twofold.source.onnx.Term.Spread;
import dev.twofold.source.onnx.Term.Wave;
import dev.twofold.weight.Weight;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Rotary positions whose cosines and sines a graph computes itself, and heads that are turned in single operators. */
final class RotaryRules {

    static final List<Rule> ALL = List.of(
            spelled("positions as numbers", "Cast{to=any}(Unsqueeze(?p, ?=a))", RotaryRules::placed),
            new Rule(
                    "positions in another type",
                    "Cast",
                    (call, values) -> call.input(0, Placed.class).map(Term.class::cast)),
            new Rule("frequencies for each text", "Expand", (call, values) -> eachText(call)),
            new Rule("angles", "Mul", (call, values) -> multiplied(call)),
            spelled(
                    "angles by a product",
                    "Transpose{perm=[0,2,1]}(MatMul(?f, ?p))",
                    captures -> angles(captures.value("p"), captures.value("f"))),
            spelled(
                    "heads that are turned",
                    "Add(Mul(?x, ?c), Mul(Concat{axis=-1}(Neg(?b), ?a), ?s))",
                    RotaryRules::turned),
            spelled("angles of neighbours", twice(3, "1,1,1"), RotaryRules::neighbours),
            spelled("cosines or sines of neighbours", twice(4, "1,1,1,1"), RotaryRules::neighbours),
            new Rule("cosines or sines of one half", "Slice", (call, values) -> half(call)),
            spelled("heads whose neighbours are turned", turnedIn(""), RotaryRules::ofNeighbours),
            spelled(
                    "heads whose neighbours are turned, in a shape without zeros",
                    turnedIn("{allowzero=1}"),
                    RotaryRules::ofNeighbours),
            spelled(
                    "heads of which nothing is left to turn",
                    "Concat{axis=-1}(?x, Slice(?h, ?=from, =" + Long.MAX_VALUE + ", =3, =1))",
                    RotaryRules::all),
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
    private static Optional<Term> placed(Captures captures, Values values) {
        Value positions = captures.value("p");
        boolean known = Roles.isPositions(positions)
                || positions
                        .as(Term.Grid.class)
                        .filter(grid -> grid.added() == 0 && grid.axis() == 0)
                        .filter(grid ->
                                grid.count() == Count.QUERIES || grid.count() != Count.TEXTS && !values.haveCaches())
                        .isPresent();
        return known ? Optional.of(new Placed()) : Optional.empty();
    }

    private static Optional<Term> multiplied(Call call) {
        return call.input(0)
                .flatMap(first ->
                        call.input(1).flatMap(second -> angles(first, second).or(() -> angles(second, first))));
    }

    private static Optional<Term> angles(Value positions, Value frequencies) {
        return positions
                .as(Placed.class)
                .flatMap(any -> vector(frequencies))
                .map(vector -> new Angles(vector, Spread.ONCE));
    }

    /** {@code [1, pairs, 1]} for as many texts as there are. */
    private static Optional<Term> eachText(Call call) {
        boolean texts = Sizes.of(call, 1)
                .filter(sizes -> sizes.size() == 3
                        && (sizes.get(0).equals(Extent.BATCH) || sizes.get(0).equals(Extent.of(1))))
                .filter(sizes -> sizes.subList(1, 3).stream()
                        .allMatch(size -> size.equals(Extent.of(-1)) || size.equals(Extent.of(1))))
                .isPresent();
        return call.input(0)
                .filter(value -> texts
                        && value.as(Term.Constant.class)
                                .filter(constant -> constant.tensor().shape().rank() == 3)
                                .isPresent())
                .map(Term.Same::new);
    }

    /** Frequencies, with however many axes they are spelled. */
    static Optional<Weight> vector(Value value) {
        return value.as(Numbers.class)
                .or(() -> value.as(Term.Constant.class).flatMap(Constants::flat))
                .map(Numbers::weight)
                .filter(weight -> weight.shape().rank() == 1 && weight.shape().dim(0) <= WIDEST);
    }

    private static Optional<Term> twice(Call call) {
        Optional<Angles> angles = call.input(0, Angles.class).filter(found -> found.spread() == Spread.ONCE);
        boolean both = call.inputs().size() == 2
                && call.integer("axis", 0) == -1
                && call.input(0).equals(call.input(1));
        return angles.filter(found -> both).map(found -> found.in(Spread.HALVES));
    }

    /** Heads times cosines, and times sines those that have neighbours in each other's place. */
    private static String turnedIn(String attributes) {
        return turnedIn(attributes, "?shape");
    }

    /** @param shape that heads are brought back to, of what is brought to it */
    static String turnedIn(String attributes, String shape) {
        String beside = "Concat{axis=-1}(Unsqueeze(Neg(" + every(1) + "), =-1), Unsqueeze(" + every(0) + ", =-1))";
        return "Add(Mul(?x, ?c), Mul(Reshape" + attributes + "(" + beside + ", " + String.format(shape, beside)
                + "), ?s))";
    }

    /** Every second element, from one on. */
    private static String every(int from) {
        return "Slice(?x, =" + from + ", =" + Long.MAX_VALUE + ", =3, =2)";
    }

    /** Each element of a last axis twice, one beside the other. */
    private static String twice(int axis, String ones) {
        return "Reshape(Expand(Unsqueeze(?w, =" + axis + "), =[" + ones
                + ",2]), Concat{axis=0}(Shape{end=-1}(?w), =-1))";
    }

    private static Optional<Term> neighbours(Captures captures) {
        Optional<Term> angles = captures.value("w")
                .as(Angles.class)
                .filter(found -> found.spread() == Spread.ONCE)
                .map(found -> found.in(Spread.NEIGHBOURS));
        return angles.or(() -> captures.value("w")
                .as(Wave.class)
                .filter(found -> found.angles().spread() == Spread.ONCE)
                .map(found -> found.in(Spread.NEIGHBOURS)));
    }

    private static Optional<Term> half(Call call) {
        Optional<Wave> wave =
                call.input(0, Wave.class).filter(found -> found.angles().spread() == Spread.HALVES);
        return wave.filter(found -> isWhole(call, 1, 0)
                        && isWhole(call, 2, found.angles().width() / 2)
                        && (isWhole(call, 3, 3) || isWhole(call, 3, -1))
                        && (call.input(4).isEmpty() || isWhole(call, 4, 1)))
                .map(found -> found.in(Spread.ONCE));
    }

    private static boolean isWhole(Call call, int input, long number) {
        return call.input(input, Term.Whole.class)
                .filter(whole -> whole.values().equals(List.of(number)))
                .isPresent();
    }

    private static Optional<Term> ofNeighbours(Captures captures, Values values) {
        Value x = captures.value("x");
        boolean whole = Sizes.of(captures.value("shape"))
                .filter(sizes -> sizes.size() == 4 && sizes.get(1).isKnown())
                .filter(sizes -> sizes.get(3).equals(Extent.of(x.width()))
                        || sizes.get(3).equals(Extent.of(-1)))
                .isPresent();
        return whole ? neighboursTurned(captures, values) : Optional.empty();
    }

    /** All of what is turned has its own shape again. */
    static Optional<Term> neighboursTurned(Captures captures, Values values) {
        Value x = captures.value("x");
        return x.width() % 2 == 0
                ? turn(captures, Spread.NEIGHBOURS, values).flatMap(turn -> turned(x, turn, values))
                : Optional.empty();
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
                ? turn(captures, Spread.HALVES, values).flatMap(turn -> turned(x, turn, values))
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

    /** A part that begins where heads end is empty. */
    private static Optional<Term> all(Captures captures) {
        Value heads = captures.value("h");
        boolean empty = heads.term() instanceof Headed && captures.whole("from").equals(List.of(heads.width()));
        Value turned = captures.value("x");
        return empty && turned.term() instanceof Headed && turned.width() == heads.width()
                ? Optional.of(new Term.Same(turned))
                : Optional.empty();
    }

    private static boolean isPart(Value value, Value whole, long from) {
        return value.as(Term.Part.class)
                .filter(part -> part.x() == whole && part.from() == from && part.to() == from + whole.width() / 2)
                .isPresent();
    }

    private static Optional<Turn> turn(Captures captures, Spread spread, Values values) {
        return turn(captures.value("c"), captures.value("s"), spread, values);
    }

    private static Optional<Turn> turn(Value cosines, Value sines, Spread spread, Values values) {
        Optional<Wave> cosine = cosines.as(Wave.class).filter(wave -> !wave.sine());
        Optional<Wave> sine = sines.as(Wave.class).filter(Wave::sine);
        return cosine.flatMap(cos -> sine.filter(sin -> sin.angles().equals(cos.angles())
                        && sin.factor() == cos.factor()
                        && sin.angles().spread() == spread)
                .map(sin -> new Turn(table(cos, values), table(sin, values), spread == Spread.NEIGHBOURS)));
    }

    private static Weight table(Wave wave, Values values) {
        List<Float> frequencies = new ArrayList<>();
        for (float frequency : values.numbers().read(wave.angles().frequencies())) {
            frequencies.add(frequency);
        }
        return new WaveTable(frequencies, wave.sine(), wave.factor()).table();
    }

    private static Optional<Term> embedded(Call call, Values values) {
        Optional<Turn> turn =
                call.input(1).flatMap(cos -> call.input(2).flatMap(sin -> turn(cos, sin, Spread.ONCE, values)));
        boolean plain = call.inputs().size() == 3 && call.integer("rotary_embedding_dim", 0) == 0;
        return turn.filter(found -> plain)
                .map(found -> new Turn(found.cosines(), found.sines(), call.integer("interleaved", 0) == 1))
                .flatMap(found ->
                        call.input(0).flatMap(x -> x.as(Headed.class).map(heads -> turned(heads, found, x, values))));
    }
}
