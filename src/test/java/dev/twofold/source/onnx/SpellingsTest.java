package dev.twofold.source.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Routing;
import dev.twofold.decoder.Window;
import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.source.onnx.Pattern.Applied;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight.Filled;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every rule of several operators fires for what it spells, and for nothing that differs from it in one place. */
final class SpellingsTest {

    /** The other values that {@link Sketch} gives would not belong together. */
    private static Sketch sketch(Rule rule) {
        Sketch sketch = new Sketch(Interpreter.rules());
        if (rule.name().equals("positions as numbers")) {
            return sketch.with("p", new Term.Input("position_ids"));
        } else if (rule.name().equals("angles by a product")) {
            return sketch.with("p", new Term.Placed())
                    .with("f", new Term.Numbers(new Filled(Shape.of(4), 1), Optional.empty()));
        } else if (rule.name().equals("angles of neighbours by indices")) {
            return sketch.with("p", new Term.Placed())
                    .with("f", numbers(4))
                    .with("each", sketch.values().of(repeated(4, 2), Optional.empty()));
        } else if (rule.name().equals("frequencies for each text by tiles")) {
            return sketch.with("f", matrices(1, 4, 1))
                    .with("to", new Term.Counted(List.of(Extent.BATCH, Extent.of(1), Extent.of(1))));
        } else if (RampRules.SPELLED.contains(rule)) {
            return sketch.with("ramps", new Term.Numbers(new Filled(Shape.of(2, 8), 1), Optional.empty()));
        } else if (DispatchedMixtures.ALL.contains(rule)) {
            return DispatchedMixturesTest.sketch(sketch);
        } else if (rule.name().equals("little where a key is after its query")) {
            return sketch.with(
                            "little",
                            sketch.values().of(everywhere(-65504, Extent.NEW, Extent.TOTAL), Optional.empty()))
                    .with("after", new Term.Mask(true, Optional.empty(), Term.Form.HIDDEN, true));
        } else if (rule.name().equals("little also where no token is")) {
            return sketch.with("mask", Term.Mask.added(true, Optional.empty()))
                    .with("there", new Term.Mask(false, Optional.empty(), Term.Form.SHOWN, true))
                    .with("little", sketch.number(-65504));
        } else if (rule.name().equals("a mask that is written over another one")) {
            return sketch.with("mask", Term.Mask.added(true, Optional.empty()))
                    .with("whole", Term.Mask.added(true, Optional.empty()));
        } else if (SharedHeadRules.ALL.contains(rule)) {
            return sketch.with("sizes", new Term.Whole(List.of(4L, 2L, 2L)))
                    .with("shape", new Term.Counted(List.of(Extent.BATCH, Extent.NEW, Extent.of(-1), Extent.of(2))));
        } else if (rule.name().endsWith("third of each head")) {
            return sketch.with("x", sketch.values().of(new Term.Headed(sketch.projected(24), 2, 12)));
        } else if (rule.name().endsWith("of neighbours")) {
            Term.Angles angles = new Term.Angles(new Filled(Shape.of(4), 1), Term.Spread.ONCE);
            return sketch.with("w", rule.name().startsWith("angles") ? angles : new Term.Wave(angles, true, 1));
        } else if (rule.name().startsWith("heads whose neighbours")) {
            return turned(sketch, Term.Spread.NEIGHBOURS)
                    .with("shape", new Term.Counted(List.of(Extent.BATCH, Extent.of(1), Extent.NEW, Extent.of(8))));
        } else if (rule.name().equals("heads of which nothing is left to turn")) {
            Value heads = sketch.values().of(new Term.Headed(sketch.computed(1), 1, 8));
            return sketch.with("x", heads).with("h", heads);
        } else if (rule.name().equals("heads in groups, one after the other")) {
            return sketch.with("parted", new Term.Whole(List.of(0L, 0L, 2L, 2L, 2L)));
        } else if (rule.name().endsWith("beside sinks")) {
            return sinks(sketch, rule.name().startsWith("shares of groups"));
        } else if (rule.name().startsWith("tokens that are there")) {
            int behind = rule.name().endsWith("key") ? 1 : 0;
            return sketch.with("m", new Term.Input("attention_mask"))
                    .with("b", new Term.Grid(Term.Count.TEXTS, 0, 3 + behind, 4 + behind))
                    .with("k", new Term.Grid(Term.Count.KEYS, 0, behind, 4 + behind));
        } else if (rule.name().equals("heads that are turned")) {
            return turned(sketch, Term.Spread.HALVES);
        } else if (rule.name().startsWith("ids")) {
            return sketch.with("i", new Term.Input("input_ids"));
        } else if (rule.name().equals("a shape to expand to")) {
            return sketch.with("x", new Term.Whole(List.of(1L, 2L)));
        } else if (rule.name().equals("a mixture of experts times the sum of its shares")) {
            Value router = sketch.projected(4);
            return sketch.with("shares", new Term.Shares(router, Routing.softmax(2, false)))
                    .with("mixture", new Term.Mixture(sketch.computed(1), router, Routing.softmax(2, true), List.of()));
        } else if (rule.name().equals("a value times a sum of shares")) {
            return sketch.with("shares", new Term.Shares(sketch.projected(4), Routing.gate()));
        } else if (rule.name().equals("a mixture of experts that reads a value times its share")) {
            Term.Shares shares = new Term.Shares(sketch.projected(4), Routing.gate());
            Value read = sketch.values().of(new Term.Weighed(sketch.computed(1), shares));
            Routing parts = shares.routing().withNormed(true);
            return sketch.with("shares", shares)
                    .with("mixture", new Term.Mixture(read, shares.router(), parts, List.of()));
        } else if (rule.name().contains("experts")) {
            return experts(sketch, rule.name());
        } else if (rule.name().equals("one expert behind a gate")) {
            return sketch.with("shares", new Term.Shares(sketch.projected(1), Routing.gate()));
        } else if (rule.name().equals("xIELU")) {
            for (String number : List.of("rising", "falling", "slope")) {
                sketch.with(number, new Term.Numbers(new Filled(Shape.of(1), 2), Optional.of(2.0)));
            }
        } else if (rule.name().equals("a limit") || rule.name().startsWith("a limited")) {
            sketch.with("low", new Term.Numbers(new Filled(Shape.of(1), -2), Optional.of(-2.0)));
        }
        return sketch;
    }

    /** A call of what is one number everywhere. */
    private static Call repeated(long size, long number) {
        AttributeProto value = AttributeProto.newBuilder()
                .setT(TensorProto.newBuilder()
                        .setDataType(TensorProto.DataType.INT64_VALUE)
                        .addInt64Data(number))
                .build();
        Value sizes = new Sketch(List.of()).values().of(new Term.Whole(List.of(size)));
        return new Call("ConstantOfShape", Map.of("value", value), List.of(Optional.of(sizes)), 0);
    }

    /** The same of a floating-point number. */
    static Call everywhere(float number, Extent... sizes) {
        AttributeProto value = AttributeProto.newBuilder()
                .setT(TensorProto.newBuilder()
                        .setDataType(TensorProto.DataType.FLOAT_VALUE)
                        .addFloatData(number))
                .build();
        Value shape = new Sketch(List.of()).values().of(new Term.Counted(List.of(sizes)));
        return new Call("ConstantOfShape", Map.of("value", value), List.of(Optional.of(shape)), 0);
    }

    private static Sketch sinks(Sketch sketch, boolean groups) {
        Layout layout = groups ? Layout.TURNED_APART : Layout.TURNED;
        Term.Headed query = new Term.Headed(sketch.computed(1), 4, 2);
        return sketch.with(
                        "s",
                        new Term.Scores(query, new Term.Keys(sketch.computed(2), 2, 2, groups ? 1 : 2, "", layout)))
                .with("sinks", numbers(4))
                .with("own", new Term.Whole(groups ? List.of(1L, 2L, 2L, 1L, 1L) : List.of(1L, 4L, 1L, 1L)));
    }

    private static Term numbers(long... dims) {
        return new Term.Numbers(new Filled(Shape.of(dims), 2), Optional.empty());
    }

    private static Sketch experts(Sketch sketch, String rule) {
        Value scores = sketch.value(PatternText.parse("Softmax{axis=-1}(?r)"));
        Value shares = sketch.values().of(new Term.Shares(sketch.projected(4), Routing.softmax(2, false)));
        Value joined = sketch.values().of(new Term.Weighted(sketch.computed(1), shares, 4));
        boolean gathered = rule.startsWith("gathered");
        boolean biased = rule.startsWith("biases");
        if (rule.contains("of groups")) {
            sketch.with("grouped", new Term.Whole(List.of(0L, 0L, 4L, 2L)))
                    .with("ungrouped", new Term.Whole(List.of(0L, 0L, 8L)))
                    .with("groups", new Term.Whole(List.of(2L)))
                    .with("best", new Term.Whole(List.of(1L)));
        }
        return sketch.with("p", scores)
                .with("c", numbers(8))
                .with("every", new Term.Whole(List.of(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L)))
                .with("k", new Term.Whole(List.of(2L)))
                .with("a", sketch.computed(1))
                .with("shares", shares)
                .with(
                        "sum",
                        sketch.values()
                                .of(new Term.Projected(joined, Linear.withoutBias(new Filled(Shape.of(8, 8), 1)))))
                .with("biases", numbers(32))
                .with(
                        "parted",
                        new Term.Whole(
                                gathered ? List.of(-1L, 2L, 8L) : biased ? List.of(4L, 8L) : List.of(0L, 0L, 4L, 2L)))
                .with("joined", new Term.Whole(List.of(0L, 0L, 8L)))
                .with("times", new Term.Whole(List.of(1L, 2L, 1L)))
                .with("flat", new Term.Whole(List.of(-1L, 8L)))
                .with("up", matrices(8, 12, 8))
                .with("down", matrices(8, 8, 6));
    }

    private static Term matrices(long... dims) {
        Shape shape = Shape.of(dims);
        return new Term.Constant(new Tensor(
                "tensor",
                DataType.FLOAT,
                shape,
                new Tensor.InFile(Path.of("model.onnx"), 0, shape.elements() * Float.BYTES)));
    }

    private static Sketch turned(Sketch sketch, Term.Spread spread) {
        Value heads = sketch.values().of(new Term.Headed(sketch.computed(1), 1, 8));
        Term.Angles angles = new Term.Angles(new Filled(Shape.of(4), 1), spread);
        return sketch.with("x", heads.term())
                .with("a", new Term.Part(heads, 0, 4))
                .with("b", new Term.Part(heads, 4, 8))
                .with("c", new Term.Wave(angles, false, 1))
                .with("s", new Term.Wave(angles, true, 1));
    }

    static Stream<Rule> spelled() {
        return Interpreter.rules().stream()
                .filter(rule -> rule.pattern().isPresent())
                // What these capture has shapes that only a graph has: the round trips of whole models fire them.
                .filter(rule -> !rule.name().startsWith("rows of a table")
                        && !rule.name().equals("causal mask"));
    }

    @ParameterizedTest
    @MethodSource("spelled")
    void fires_for_what_it_spells(Rule rule) {
        Sketch sketch = sketch(rule);
        assertThat(rule.match().make(sketch.call(rule.pattern().orElseThrow()), sketch.values()))
                .isPresent();
    }

    @ParameterizedTest
    @MethodSource("spelled")
    void does_not_fire_where_one_place_differs(Rule rule) {
        List<Applied> others = others(rule.pattern().orElseThrow());
        assertThat(others).isNotEmpty().allSatisfy(other -> {
            Sketch sketch = sketch(rule);
            assertThat(rule.match().make(sketch.call(other), sketch.values())).isEmpty();
        });
    }

    /** The pattern with another operator, number, attribute or known term in one of its places. */
    private static List<Applied> others(Applied pattern) {
        List<Applied> others = new ArrayList<>();
        others.add(new Applied(pattern.operator(), Map.of("other", "1"), pattern.output(), pattern.inputs()));
        others.add(new Applied(pattern.operator(), pattern.attributes(), pattern.output() + 1, pattern.inputs()));
        for (int i = 0; i < pattern.inputs().size(); i++) {
            int place = i;
            changed(pattern.inputs().get(i))
                    .forEach(changed -> others.add(new Applied(
                            pattern.operator(),
                            pattern.attributes(),
                            pattern.output(),
                            IntStream.range(0, pattern.inputs().size())
                                    .mapToObj(j -> j == place
                                            ? changed
                                            : pattern.inputs().get(j))
                                    .toList())));
        }
        return others;
    }

    private static List<Pattern> changed(Pattern input) {
        if (input instanceof Applied applied) {
            List<Pattern> changed = new ArrayList<>(others(applied));
            changed.add(new Applied("Other", applied.attributes(), applied.output(), applied.inputs()));
            return changed;
        } else if (input instanceof Pattern.Number number) {
            return List.of(new Pattern.Number(number.number() == 0 ? 1 : number.number() * 1.1));
        } else if (input instanceof Pattern.Whole) {
            return List.of(new Pattern.Whole(List.of(77L)));
        } else if (input instanceof Pattern.Known) {
            return List.of(new Pattern.Known(new Term.Input("other")));
        }
        return List.of();
    }

    @Test
    void new_tokens_are_positions_only_where_there_is_no_past() {
        Pattern.Applied angles = PatternText.parse("Mul(Cast{to=1}(Unsqueeze(Range(=0, new, =1), =0)), ?f)");
        Term frequencies = new Term.Numbers(new Filled(Shape.of(4), 1), Optional.empty());
        Sketch alone = new Sketch(Interpreter.rules()).with("f", frequencies);
        assertThat(alone.value(angles).term()).isInstanceOf(Term.Angles.class);
        Sketch after = new Sketch(Interpreter.rules())
                .with("f", frequencies)
                .with("past", new Term.Input("past_key_values.0.key"));
        assertThat(after.value(angles).term()).isNotInstanceOf(Term.Angles.class);
    }

    @Test
    void angles_that_are_repeated_but_twice_are_not_those_of_neighbours() {
        for (Call each : List.of(repeated(4, 3), repeated(5, 2))) {
            assertDoesNotFire(
                    "angles of neighbours by indices",
                    sketch -> sketch.with("each", sketch.values().of(each, Optional.empty())));
        }
    }

    @Test
    void gathered_experts_without_rows_are_none() {
        assertDoesNotFire(
                "gathered experts by their scores",
                sketch -> sketch.with("up", matrices(8, 0, 8)).with("down", matrices(8, 8, 0)));
    }

    @Test
    void a_triangle_of_little_numbers_is_a_mask_where_it_is_multiplied_with_what_is_after_each_query() {
        String rule = "little where a key is after its query";
        for (Call table : List.of(
                everywhere(-2, Extent.NEW, Extent.TOTAL),
                everywhere(-65504, Extent.NEW, Extent.NEW),
                everywhere(-65504, Extent.TOTAL, Extent.NEW))) {
            assertDoesNotFire(
                    rule, sketch -> sketch.with("little", sketch.values().of(table, Optional.empty())));
        }
        for (Term.Mask other : List.of(
                new Term.Mask(true, Optional.empty(), Term.Form.SHOWN, true),
                new Term.Mask(false, Optional.of(Window.sliding(4)), Term.Form.HIDDEN, true),
                Term.Mask.added(true, Optional.empty()))) {
            assertDoesNotFire(rule, sketch -> sketch.with("after", other));
        }
    }

    @Test
    void little_is_added_only_where_a_sum_with_the_tokens_that_are_there_is_nothing() {
        String rule = "little also where no token is";
        assertDoesNotFire(rule, sketch -> sketch.with("little", sketch.number(-2)));
        assertDoesNotFire(rule, sketch -> sketch.with("there", Term.Mask.added(true, Optional.empty())));
        assertDoesNotFire(
                rule, sketch -> sketch.with("there", new Term.Mask(false, Optional.empty(), Term.Form.HIDDEN, true)));
        assertDoesNotFire(rule, sketch -> sketch.with("mask", Term.Mask.before(Optional.empty())));
    }

    @Test
    void what_is_written_over_a_mask_hides_the_same_of_what_is_after_a_query() {
        assertDoesNotFire(
                "a mask that is written over another one",
                sketch -> sketch.with("whole", Term.Mask.added(true, Optional.of(Window.sliding(4)))));
    }

    @Test
    void a_projection_is_split_as_a_whole_into_queries_and_a_single_head_of_keys_and_values() {
        for (String rule : List.of(
                "heads of queries before a single head of keys",
                "a single head of keys behind queries",
                "a single head of values behind keys")) {
            for (List<Long> sizes :
                    List.of(List.of(4L, 2L, 3L), List.of(4L, 4L), List.of(9L, -2L, 1L), List.of(2L, 2L, 2L, 2L))) {
                assertDoesNotFire(rule, sketch -> sketch.with("sizes", new Term.Whole(sizes)));
            }
        }
        for (List<Extent> shape : List.of(
                List.of(Extent.BATCH, Extent.NEW, Extent.of(-1), Extent.of(4)),
                List.of(Extent.NEW, Extent.BATCH, Extent.of(-1), Extent.of(2)),
                List.of(Extent.BATCH, Extent.NEW, Extent.of(4)))) {
            assertDoesNotFire(
                    "heads of queries before a single head of keys",
                    sketch -> sketch.with("shape", new Term.Counted(shape)));
        }
        assertDoesNotFire(
                "heads of queries before a single head of keys",
                sketch -> sketch.with("sizes", new Term.Whole(List.of(3L, 2L, 3L))));
    }

    private static void assertDoesNotFire(String name, UnaryOperator<Sketch> changed) {
        Rule rule = Interpreter.rules().stream()
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseThrow();
        Sketch sketch = changed.apply(sketch(rule));
        assertThat(rule.match().make(sketch.call(rule.pattern().orElseThrow()), sketch.values()))
                .isEmpty();
    }

    @Test
    void experts_of_groups_need_groups_that_fit_them() {
        Rule rule = Interpreter.rules().stream()
                .filter(one -> one.name().equals("shares of experts of groups by their scores"))
                .findFirst()
                .orElseThrow();
        Map<String, List<List<Long>>> others = Map.of(
                "grouped", List.of(List.of(0L, 0L, 2L, 2L), List.of(0L, 1L, 4L, 2L), List.of(0L, 4L, 2L)),
                "ungrouped", List.of(List.of(0L, 0L, 4L), List.of(0L, 8L)),
                "best", List.of(List.of(0L), List.of(3L), List.of(1L, 1L)),
                "groups", List.of(List.of(0L), List.of(5L), List.of(2L, 2L)));
        others.forEach((name, all) -> assertThat(all).allSatisfy(one -> {
            Sketch sketch = sketch(rule).with(name, new Term.Whole(one));
            assertThat(rule.match().make(sketch.call(rule.pattern().orElseThrow()), sketch.values()))
                    .isEmpty();
        }));
    }

    @Test
    void a_value_that_is_captured_twice_is_the_same() {
        Sketch sketch = new Sketch(Interpreter.rules());
        sketch.with("x", sketch.computed(1).term()).with("y", sketch.computed(2).term());
        assertThat(sketch.value(PatternText.parse("Mul(?x, Sigmoid(?x))")).term())
                .isInstanceOf(Term.Activated.class);
        assertThat(sketch.value(PatternText.parse("Mul(?x, Sigmoid(?y))")).term())
                .isNotInstanceOf(Term.Activated.class);
    }

    @Test
    void operands_of_a_sum_or_product_may_change_places() {
        Sketch sketch = new Sketch(Interpreter.rules());
        assertThat(sketch.value(PatternText.parse("Mul(Sigmoid(?x), ?x)")).term())
                .isInstanceOf(Term.Activated.class);
    }
}
