package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Rule.spelled;

import dev.twofold.decoder.Window;
import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.source.onnx.Term.Count;
import dev.twofold.source.onnx.Term.Form;
import dev.twofold.source.onnx.Term.Grid;
import dev.twofold.source.onnx.Term.Mask;
import dev.twofold.source.onnx.Term.Numbers;
import dev.twofold.source.onnx.Term.Tokens;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Which keys queries see, where a graph compares the numbers of tokens for it. */
final class MaskRules {

    /** What is added to hide a key: scores are never that far apart. */
    static final double LITTLE = -1e4;

    private static final int MOST_AXES = 8;

    private static final Set<Long> FLOATING =
            Set.of((long) DataType.FLOAT_VALUE, (long) DataType.FLOAT16_VALUE, (long) DataType.BFLOAT16_VALUE, (long)
                    DataType.DOUBLE_VALUE);

    private static final Rule SPELLED = spelled(
            "tokens that are there, by text and key",
            "GatherND{batch_dims=0}(?m, Concat{axis=-1}(?b, ?k))",
            captures -> taken(captures, 1));

    private static final Rule FLAT = spelled(
            "tokens that are there, by their number over all texts",
            "Reshape(Reshape(Gather{axis=0}(Flatten{axis=2}(?m), Add(?k, Mul(?b, total))), =-1), ?s)",
            captures -> taken(captures, 0));

    static final List<Rule> ALL = Stream.of(
                    Stream.of(SPELLED, FLAT),
                    Stream.of("Less", "LessOrEqual", "Greater", "GreaterOrEqual")
                            .map(operator -> new Rule("tokens compared", operator, (call, values) -> compared(call))),
                    Stream.of("Unsqueeze", "Expand", "Tile", "Cast")
                            .map(operator -> new Rule("the same mask", operator, (call, values) -> same(call))),
                    Stream.of(
                            new Rule("numbers of tokens", "Range", (call, values) -> range(call)),
                            new Rule("numbers of tokens with another axis", "Unsqueeze", (call, values) -> apart(call)),
                            new Rule("numbers of tokens as a column", "Reshape", (call, values) -> column(call)),
                            new Rule(
                                    "numbers of tokens, once for each",
                                    "Expand",
                                    (call, values) -> grid(call, 0)
                                            .map(grid -> new Grid(
                                                    grid.count(), grid.added(), grid.axis(), grid.rank(), true))),
                            new Rule(
                                    "one number, or truth, everywhere",
                                    "ConstantOfShape",
                                    (call, values) -> filled(call)),
                            new Rule("numbers of tokens from another on", "Add", (call, values) -> moved(call, 1)),
                            new Rule("numbers of tokens up to another", "Sub", (call, values) -> moved(call, -1)),
                            new Rule("both masks", "And", (call, values) -> both(call, Form.SHOWN)),
                            new Rule("either mask", "Or", (call, values) -> both(call, Form.HIDDEN)),
                            new Rule("a sum of masks", "Add", (call, values) -> both(call, Form.ADDED)),
                            new Rule("a mask as long as there are keys", "Slice", (call, values) -> cut(call)),
                            new Rule("the opposite mask", "Not", (call, values) -> opposite(call, 0)),
                            new Rule("the opposite mask of numbers", "Sub", (call, values) -> subtracted(call)),
                            new Rule("a mask that is added", "Where", (call, values) -> added(call)),
                            new Rule("a mask times little", "Mul", (call, values) -> times(call))))
            .flatMap(rules -> rules)
            .toList();

    private MaskRules() {}

    private static Optional<Term> range(Call call) {
        Optional<List<Extent>> ends = Sizes.of(call, 0)
                .flatMap(from -> Sizes.of(call, 1)
                        .filter(to -> from.size() == 1 && to.size() == 1)
                        .map(to -> List.of(from.get(0), to.get(0))));
        boolean ones = call.input(2, Term.Whole.class)
                .filter(step -> step.values().equals(List.of(1L)))
                .isPresent();
        return ends.filter(all -> ones)
                .flatMap(all -> counted(all.get(0), all.get(1)))
                .map(count -> new Grid(count, 0, 0, 1));
    }

    private static Optional<Count> counted(Extent from, Extent to) {
        if (from.equals(Extent.PAST) && to.equals(Extent.TOTAL)) {
            return Optional.of(Count.QUERIES);
        } else if (!from.equals(Extent.of(0))) {
            return Optional.empty();
        } else if (to.equals(Extent.TOTAL)) {
            return Optional.of(Count.KEYS);
        } else if (to.equals(Extent.NEW)) {
            return Optional.of(Count.NEW);
        }
        return to.equals(Extent.BATCH) ? Optional.of(Count.TEXTS) : Optional.empty();
    }

    /** Where new tokens are counted by {@link Spellings}, these are queries. */
    private static Optional<Grid> grid(Call call, int input) {
        return call.input(input, Grid.class)
                .or(() -> call.input(input)
                        .filter(value -> value.term() == Tokens.PLACES)
                        .map(value -> new Grid(Count.QUERIES, 0, 0, 1)));
    }

    private static Optional<Term> apart(Call call) {
        Optional<List<Long>> axes =
                call.input(1, Term.Whole.class).map(Term.Whole::values).filter(all -> all.size() < MOST_AXES);
        return grid(call, 0)
                .filter(grid -> grid.rank() < MOST_AXES)
                .flatMap(grid -> axes.map(all -> {
                    int rank = grid.rank() + all.size();
                    boolean[] added = new boolean[rank];
                    all.forEach(axis -> added[(int) Math.floorMod(axis, (long) rank)] = true);
                    int left = grid.axis();
                    int axis = 0;
                    for (int place = rank - 1; place >= 0; place--) {
                        if (!added[place] && left-- == 0) {
                            axis = rank - 1 - place;
                        }
                    }
                    return new Grid(grid.count(), grid.added(), axis, rank, grid.expanded());
                }));
    }

    private static Optional<Term> column(Call call) {
        Optional<List<Extent>> dims = Sizes.of(call, 1);
        return grid(call, 0)
                .filter(grid -> grid.rank() == 1)
                .filter(grid -> Stream.of(Sizes.size(grid.count()), Extent.of(-1))
                        .anyMatch(size -> dims.equals(Optional.of(List.of(size, Extent.of(1))))))
                .map(grid -> new Grid(grid.count(), grid.added(), 1, 2, grid.expanded()));
    }

    /** By a constant, or new ones by the number of those of the past. */
    private static Optional<Term> moved(Call call, int sign) {
        for (int i = 0; i < (sign > 0 ? 2 : 1); i++) {
            Optional<Grid> grid = grid(call, i);
            Optional<Extent> by =
                    Sizes.of(call, 1 - i).filter(sizes -> sizes.size() == 1).map(sizes -> sizes.get(0));
            if (grid.isPresent() && by.isPresent()) {
                return moved(grid.get(), by.get(), sign);
            }
        }
        return Optional.empty();
    }

    private static Optional<Term> moved(Grid grid, Extent by, int sign) {
        if (by.isKnown()) {
            long added = grid.added() + sign * by.factor();
            return Optional.of(new Grid(grid.count(), added, grid.axis(), grid.rank(), grid.expanded()));
        }
        return grid.count() == Count.NEW && by.equals(Extent.PAST) && sign > 0
                ? Optional.of(new Grid(Count.QUERIES, grid.added(), grid.axis(), grid.rank(), grid.expanded()))
                : Optional.empty();
    }

    /** Keys along the last axis, queries along the one before. */
    private static Optional<Term> compared(Call call) {
        Optional<Grid> first = grid(call, 0);
        Optional<Grid> second = grid(call, 1);
        if (first.isEmpty() || second.isEmpty()) {
            return Optional.empty();
        }
        boolean less = call.operator().startsWith("Less");
        boolean keysFirst = first.get().axis() == 0;
        Grid keys = keysFirst ? first.get() : second.get();
        Grid queries = keysFirst ? second.get() : first.get();
        boolean same = keys.count() == queries.count() && keys.count() != Count.TEXTS
                || keys.count() == Count.KEYS && queries.count() == Count.QUERIES;
        if (!same || keys.axis() != 0 || queries.axis() != 1) {
            return Optional.empty();
        }
        // How far a key may be after its query to be on the lower side: none for what is not after it.
        boolean strict = !call.operator().endsWith("OrEqual");
        boolean keysLower = less == keysFirst;
        long reach = queries.added() - keys.added() - (strict == keysLower ? 1 : 0);
        return known(reach, keysLower);
    }

    /** Keys up to {@code reach} after their query, or those beyond. */
    private static Optional<Term> known(long reach, boolean keysLower) {
        if (reach == 0) {
            return Optional.of(new Mask(true, Optional.empty(), keysLower ? Form.SHOWN : Form.HIDDEN, false));
        }
        return reach < 0 && reach > -Integer.MAX_VALUE
                ? Optional.of(new Mask(
                        false,
                        Optional.of(Window.sliding(Math.toIntExact(-reach))),
                        keysLower ? Form.HIDDEN : Form.SHOWN,
                        false))
                : Optional.empty();
    }

    /** The mask that a graph is given says which tokens there are. */
    private static Optional<Mask> mask(Optional<Value> value) {
        return value.flatMap(found -> found.as(Mask.class)
                .or(() -> found.as(Term.Input.class)
                        .filter(input -> Roles.isMask(input.name()))
                        .map(input -> new Mask(false, Optional.empty(), Form.SHOWN, true))));
    }

    private static Optional<Term> same(Call call) {
        Optional<Mask> mask = mask(call.input(0));
        return call.operator().equals("Cast")
                ? mask.flatMap(found -> cast(found, call.integer("to", 0))).map(Term.class::cast)
                : mask.map(Term.class::cast);
    }

    /** Those of all tokens, which a mask has in the end anyway. */
    private static Optional<Term> cut(Call call) {
        boolean all = isSize(call, 1, Extent.of(0))
                && isSize(call, 2, Extent.TOTAL)
                && (isSize(call, 3, Extent.of(3)) || isSize(call, 3, Extent.of(-1)))
                && (call.input(4).isEmpty() || isSize(call, 4, Extent.of(1)));
        return all ? mask(call.input(0)).map(Term.class::cast) : Optional.empty();
    }

    private static boolean isSize(Call call, int input, Extent size) {
        return Sizes.of(call, input).equals(Optional.of(List.of(size)));
    }

    /** What is added is nothing else in whole numbers or truth values. */
    private static Optional<Mask> cast(Mask mask, long type) {
        if (mask.form() == Form.ADDED) {
            return FLOATING.contains(type) ? Optional.of(mask) : Optional.empty();
        }
        return Optional.of(mask.as(type != DataType.BOOL_VALUE));
    }

    private static Optional<Term> both(Call call, Form form) {
        if (form == Form.SHOWN) {
            for (int i = 0; i < 2; i++) {
                if (call.input(i).filter(MaskRules::isTrue).isPresent()) {
                    return mask(call.input(1 - i)).map(mask -> mask.as(false));
                }
            }
        }
        Optional<Mask> first = mask(call.input(0)).filter(mask -> mask.form() == form);
        Optional<Mask> second = mask(call.input(1)).filter(mask -> mask.form() == form);
        return first.flatMap(a -> second.filter(
                        b -> a.window().isEmpty() || b.window().isEmpty())
                .map(b -> new Mask(a.causal() || b.causal(), a.window().or(b::window), form, form == Form.ADDED)));
    }

    private static boolean isTrue(Value value) {
        return value.as(Term.Constant.class)
                        .filter(constant -> constant.tensor().isTrue())
                        .isPresent()
                || value.term() == Tokens.ALWAYS;
    }

    private static Optional<Term> opposite(Call call, int input) {
        return mask(call.input(input))
                .filter(mask -> mask.form() != Form.ADDED)
                .map(mask -> mask.in(mask.form() == Form.SHOWN ? Form.HIDDEN : Form.SHOWN));
    }

    private static Optional<Term> subtracted(Call call) {
        return number(call, 0).filter(one -> one == 1).flatMap(one -> opposite(call, 1));
    }

    private static Optional<Term> added(Call call) {
        Optional<Mask> mask = mask(call.input(0)).filter(found -> found.form() != Form.ADDED);
        return mask.filter(found -> {
                    boolean shown = found.form() == Form.SHOWN;
                    boolean hides = number(call, shown ? 2 : 1)
                            .filter(value -> value <= LITTLE)
                            .isPresent();
                    return hides && isZero(call, shown ? 1 : 2, found);
                })
                .map(found -> found.in(Form.ADDED));
    }

    /** Zero everywhere, or the same mask in numbers, which are zero where nothing is hidden. */
    private static boolean isZero(Call call, int input, Mask mask) {
        boolean number = number(call, input).filter(value -> value == 0).isPresent();
        return number || mask.form() == Form.HIDDEN && mask(call.input(input)).equals(Optional.of(mask.as(true)));
    }

    private static Optional<Term> times(Call call) {
        return mask(call.input(0))
                .filter(mask -> mask.form() == Form.HIDDEN
                        && number(call, 1).filter(value -> value <= LITTLE).isPresent())
                .map(mask -> mask.in(Form.ADDED));
    }

    /** Whole ones are shapes. */
    private static Optional<Term> filled(Call call) {
        Optional<TensorProto> value =
                Optional.ofNullable(call.attributes().get("value")).map(AttributeProto::getT);
        return value.flatMap(proto -> Constants.filled(proto));
    }

    private static Optional<Double> number(Call call, int input) {
        return call.input(input, Numbers.class).flatMap(Numbers::single);
    }

    /** @param axis that both have behind their own */
    private static Optional<Term> taken(Pattern.Captures captures, int axis) {
        Optional<Grid> texts = captures.value("b").as(Grid.class);
        Optional<Grid> keys = captures.value("k").as(Grid.class);
        boolean fits = texts.filter(grid -> grid.count() == Count.TEXTS && grid.axis() == 3 + axis)
                        .isPresent()
                && keys.filter(grid -> grid.count() != Count.TEXTS && grid.axis() == axis)
                        .isPresent();
        return mask(Optional.of(captures.value("m"))).filter(mask -> fits).map(Term.class::cast);
    }
}
