package dev.twofold.source.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.twofold.decoder.Activation;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.Routing;
import dev.twofold.diag.TwofoldException;
import dev.twofold.source.onnx.Term.Chosen;
import dev.twofold.source.onnx.Term.Outcome;
import dev.twofold.source.onnx.Term.Shares;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight.Filled;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Experts that gather the tokens which chose them: four, of which a token chooses two. */
final class DispatchedMixturesTest {

    private static final int EXPERTS = 4;
    private static final String PLAIN = "TopK{axis=-1,largest=1,sorted=1}(?p, ?=k)";
    private static final String PARTS = "Div(" + PLAIN + ", ReduceSum{keepdims=1}(" + PLAIN + ", =-1))";

    private final Sketch sketch = sketch(new Sketch(Interpreter.rules()));

    /** What the rules of such mixtures are about, by the names of their patterns. */
    static Sketch sketch(Sketch sketch) {
        Value router = sketch.projected(EXPERTS);
        sketch.with("router", router);
        Value scores = sketch.value(PatternText.parse("Cast{to=1}(Softmax{axis=1}(?router))"));
        Value places = sketch.values().of(new Chosen(scores, 2, 1));
        Extent tokens = new Extent(1, List.of(Extent.Unknown.BATCH, Extent.Unknown.NEW));
        Value sum = sketch.values().of(SpellingsTest.everywhere(0, tokens, Extent.of(Sketch.WIDTH)), Optional.empty());
        Shares shares = new Shares(router, Routing.softmax(2, true));
        sketch.with("p", scores)
                .with("k", whole(2))
                .with("experts", whole(EXPERTS))
                .with("expert", whole(1))
                .with("x", sketch.computed(1))
                .with("rows", whole(-1, Sketch.WIDTH))
                .with("places", places)
                .with("made", sketch.computed(1))
                .with("outcome", new Outcome(sketch.computed(1), places, shares))
                .with("sum", sum);
        return sketch.with("s", sketch.value(PatternText.parse(PARTS))).with("zeros", zeros(sketch, 0));
    }

    private static Term whole(long... numbers) {
        return new Term.Whole(Arrays.stream(numbers).boxed().toList());
    }

    /** As many of a number as the sum has. */
    private static Value zeros(Sketch sketch, float number) {
        Value shape = sketch.value(PatternText.parse("Shape(?sum)"));
        Call filled = SpellingsTest.everywhere(number);
        return sketch.values()
                .of(new Call(filled.operator(), filled.attributes(), List.of(Optional.of(shape)), 0), Optional.empty());
    }

    private Optional<Term> made(String name) {
        Rule rule = DispatchedMixtures.ALL.stream()
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseThrow();
        return rule.match().make(sketch.call(rule.pattern().orElseThrow()), sketch.values());
    }

    @Test
    void an_expert_is_one_that_the_router_has_a_number_for() {
        String rule = "where an expert was chosen";
        assertThat(made(rule)).contains(new Chosen(sketch.value(new Pattern.Capture("p")), 2, 1));
        sketch.with("expert", whole(EXPERTS));
        assertThat(made(rule)).isEmpty();
        sketch.with("expert", whole(-1));
        assertThat(made(rule)).isEmpty();
        sketch.with("expert", whole(1)).with("experts", whole(EXPERTS + 1));
        assertThat(made(rule)).isEmpty();
        sketch.with("experts", whole(EXPERTS)).with("k", whole(EXPERTS + 1));
        assertThat(made(rule)).isEmpty();
    }

    @Test
    void tokens_are_routed_whole() {
        String rule = "tokens that chose an expert";
        sketch.with("rows", whole(-1, 4));
        assertThat(made(rule)).isEmpty();
        sketch.with("rows", whole(-1, Sketch.WIDTH)).with("places", sketch.computed(2));
        assertThat(made(rule)).isEmpty();
    }

    @Test
    void shares_are_scores_or_parts_of_their_sum() {
        String rule = "what an expert made, as much as its share";
        assertThat(made(rule)).map(term -> ((Outcome) term).shares().routing()).contains(Routing.softmax(2, true));
        sketch.with("s", sketch.value(PatternText.parse(PLAIN)));
        assertThat(made(rule)).map(term -> ((Outcome) term).shares().routing()).contains(Routing.softmax(2, false));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "TopK{axis=-1,largest=0,sorted=1}(?p, ?=k)",
                "TopK{axis=-1,largest=1,sorted=1}:1(?p, ?=k)",
                "TopK{axis=-1,largest=1,sorted=1}(?p, =3)",
                "TopK{axis=-1,largest=1,sorted=1}(?x, ?=k)",
                "Cast{to=7}(" + PLAIN + ")",
                "Div(" + PLAIN + ", ReduceSum{keepdims=1}(" + PLAIN + ", =1))"
            })
    void shares_of_anything_else_are_none(String shares) {
        sketch.with("s", sketch.value(PatternText.parse(shares)));
        assertThat(made("what an expert made, as much as its share")).isEmpty();
    }

    @Test
    void an_expert_adds_to_its_own_tokens_and_to_no_others() {
        String rule = "what an expert adds to the tokens that chose it";
        sketch.with("zeros", zeros(sketch, 1));
        assertThat(made(rule)).isEmpty();
        sketch.with("zeros", zeros(sketch, 0)).with("places", new Chosen(sketch.value(new Pattern.Capture("p")), 2, 2));
        assertThat(made(rule)).isEmpty();
    }

    private Value projected(Value x, long width, float number) {
        return sketch.values()
                .of(new Term.Projected(x, Linear.withoutBias(new Filled(Shape.of(width, x.width()), number))));
    }

    /** What one expert adds. */
    private Outcome outcome(int expert, int reads, Value x, long width, Activation activation, boolean normed) {
        Value scores = sketch.value(new Pattern.Capture("p"));
        Value places = sketch.values().of(new Chosen(scores, 2, expert));
        Value routed = sketch.values().of(new Term.Routed(x, sketch.values().of(new Chosen(scores, 2, reads))));
        Value gate = sketch.values().of(new Term.Activated(projected(routed, width, 1), activation));
        Value product = sketch.values().of(new Term.Product(gate, projected(routed, width, 2)));
        Shares shares = new Shares(sketch.value(new Pattern.Capture("router")), Routing.softmax(2, normed));
        return new Outcome(projected(product, Sketch.WIDTH, expert), places, shares);
    }

    private List<Outcome> outcomes() {
        return IntStream.range(0, EXPERTS)
                .mapToObj(expert -> outcome(expert, expert, rows(), 6, Activation.Plain.SILU, true))
                .toList();
    }

    /** What the router reads. */
    private Value rows() {
        return sketch.value(new Pattern.Capture("router"))
                .as(Term.Projected.class)
                .orElseThrow()
                .x();
    }

    private Operator read(List<Outcome> outcomes) {
        ModelGraph graph =
                new ModelGraph(Path.of("model.onnx"), "", List.of(), Map.of(), List.of(), List.of(), List.of());
        Value sum = sketch.values().of(new Term.Dispatched(outcomes));
        RotaryReader rotaries = new RotaryReader(graph, sketch.values().numbers(), List.of(), 1);
        return new BranchReader(
                        graph,
                        new AttentionReader(
                                graph,
                                rotaries,
                                new TemperatureFit(sketch.values().numbers())))
                .read(sum)
                .body()
                .apply(List.of());
    }

    @Test
    void experts_are_read_in_their_order() {
        Experts experts = (Experts) read(outcomes());
        assertThat(experts.routing()).isEqualTo(Routing.softmax(2, true));
        assertThat(experts.experts())
                .extracting(FeedForward::down)
                .containsExactly(IntStream.range(0, EXPERTS)
                        .mapToObj(expert -> Linear.withoutBias(new Filled(Shape.of(Sketch.WIDTH, 6), expert)))
                        .toArray(Linear[]::new));
    }

    @Test
    void experts_that_are_missing_or_not_alike_are_refused() {
        Activation silu = Activation.Plain.SILU;
        assertRefused(all -> all.subList(0, EXPERTS - 1));
        assertRefused(all -> List.of(all.get(1), all.get(0), all.get(2), all.get(3)));
        assertRefused(all -> replaced(all, outcome(2, 1, rows(), 6, silu, true)));
        assertRefused(all -> replaced(all, outcome(2, 2, sketch.computed(3), 6, silu, true)));
        assertRefused(all -> replaced(all, outcome(2, 2, rows(), 5, silu, true)));
        assertRefused(all -> replaced(all, outcome(2, 2, rows(), 6, Activation.Plain.GELU, true)));
        assertRefused(all -> replaced(all, outcome(2, 2, rows(), 6, silu, false)));
    }

    private static List<Outcome> replaced(List<Outcome> all, Outcome third) {
        List<Outcome> others = new ArrayList<>(all);
        others.set(2, third);
        return others;
    }

    private void assertRefused(UnaryOperator<List<Outcome>> changed) {
        assertThatThrownBy(() -> read(changed.apply(outcomes())))
                .isInstanceOf(TwofoldException.class)
                .hasMessageContaining("not recognised");
    }
}
