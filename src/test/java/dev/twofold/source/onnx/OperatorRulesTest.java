package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.RuleSample.sample;
import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.decoder.Routing;
import dev.twofold.decoder.Window;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.source.onnx.Pattern.Applied;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Filled;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Rules of one operator: what they fire for, and what looks like it and is something else. */
final class OperatorRulesTest {

    static Stream<RuleSample> samples() {
        return Stream.of(ordinary(), sizes(), masks(), AttentionSamples.heads(), AttentionSamples.mixtures())
                .flatMap(samples -> samples);
    }

    private static Stream<RuleSample> sizes() {
        return Stream.of(
                sample(
                        "a shape",
                        "Shape(ids)",
                        "Shape(?m)",
                        "Shape(Expand(Range(=0, new, =1), =[4,1]))",
                        "Shape(Unsqueeze(Expand(Range(=0, new, =1), =[4,1]), =0))"),
                sample(
                        "codes in another shape",
                        "Reshape(?codes, =[16,8])",
                        "Reshape(?codes, =[16,7])",
                        "Reshape(?codes, =[4611686018427387904,4])",
                        "Reshape(?codes, =[128,0])"),
                sample(
                        "sizes that are taken",
                        "Gather(Shape(ids), =1)",
                        "Gather(Shape(ids), =2)",
                        "Gather{axis=1}(Shape(ids), =1)"),
                sample(
                        "a stretch of sizes",
                        "Slice(Shape(ids), =0, =1, =0)",
                        "Slice(Shape(ids), =0, =1, =1)",
                        "Slice(Shape(ids), =0, =1, =0, =2)"),
                sample("sizes one after the other", "Concat{axis=0}(Shape(ids), =4)", "Concat{axis=0}(Shape(ids), ?x)"),
                sample("a sum of sizes", "Add(past, new)", "Add(past, total)", "Add(past, ?x)"),
                sample("a difference of sizes", "Sub(total, past)", "Sub(past, total)"),
                sample("a size as a number", "Cast{to=1}(=8)", "Cast{to=1}(new)", "Cast{to=9}(=8)"),
                sample("a root of a number", "Sqrt(~4)", "Sqrt(~-4)", "Sqrt(?x)"),
                sample("a quotient of numbers", "Div(~1, ~4)", "Div(~1, ~0)", "Div(?x, ~4)"),
                sample("a product of numbers", "Mul(~2, ~4)", "Mul(?x, ~4)"),
                sample("a product of sizes", "Mul(new, =2)", "Mul(new, ?x)"),
                sample(
                        "a quotient of sizes",
                        "Div(=8, =2)",
                        "Div(=8, =0)",
                        "Div(new, =2)",
                        "Div(Gather(Shape(?past), =1), Gather(Shape(?past), =3))",
                        "Div(Slice(Shape(?past), =1, =2, =0), =2)"),
                sample("the same size", "Unsqueeze(new, =0)", "Unsqueeze(?x, =0)"),
                sample(
                        "frequencies for each text by tiles",
                        "Tile(?frequencies, Concat{axis=0}(Gather(Shape(ids), =0), =1, =1))",
                        "Tile(?frequencies, Concat{axis=0}(Gather(Shape(ids), =0), =1, =2))",
                        "Tile(?frequencies, =[1,1,2])",
                        "Tile(?x, Concat{axis=0}(Gather(Shape(ids), =0), =1, =1))"),
                sample("the same size", "Reshape(new, =-1)", "Reshape(new, =[1,1])"),
                sample(
                        "what is given, in its own shape",
                        "Reshape(ids, Concat{axis=0}(=-1, new))",
                        "Reshape(ids, =[-1,-1])"));
    }

    private static Stream<RuleSample> masks() {
        return Stream.of(
                sample("numbers of tokens", "Range(=0, new, =1)", "Range(=1, new, =1)", "Range(=0, new, =2)"),
                sample("numbers of tokens with another axis", "Unsqueeze(Range(=0, new, =1), =1)", "Unsqueeze(?x, =1)"),
                sample(
                        "numbers of tokens as a column",
                        "Reshape(Range(=0, new, =1), Concat{axis=0}(new, =1))",
                        "Reshape(Range(=0, new, =1), Concat{axis=0}(=1, new))"),
                sample(
                        "numbers of tokens as a column",
                        "Reshape(Range(=0, new, =1), =[-1,1])",
                        "Reshape(Range(=0, new, =1), =[1,-1])"),
                sample(
                        "numbers of tokens from another on",
                        "Add(Range(=0, new, =1), past)",
                        "Add(Range(=0, new, =1), new)"),
                sample(
                        "tokens compared",
                        "LessOrEqual(Range(=0, total, =1), Unsqueeze(Range(past, total, =1), =1))",
                        "LessOrEqual(Range(=0, total, =1), Range(past, total, =1))",
                        "LessOrEqual(Range(=0, total, =1), Unsqueeze(Range(=0, new, =1), =1))",
                        "Less(Range(=0, total, =1), Unsqueeze(Add(Range(past, total, =1), =2), =1))"),
                sample("both masks", "And(allowed, allowed)", "And(allowed, ?x)"),
                sample(
                        "the same mask",
                        "Cast{to=1}(Where(allowed, ~0, ~-65504))",
                        "Cast{to=9}(Where(allowed, ~0, ~-65504))",
                        "Cast{to=7}(Where(allowed, ~0, ~-65504))"),
                sample(
                        "a mask as long as there are keys",
                        "Slice(allowed, =0, total, =3, =1)",
                        "Slice(allowed, =0, new, =3, =1)",
                        "Slice(allowed, =1, total, =3, =1)",
                        "Slice(allowed, =0, total, =2, =1)"),
                sample("the opposite mask", "Not(allowed)", "Not(?x)"),
                sample("what keys get, in another type", "Cast{to=10}(?ramp)", "Cast{to=7}(?ramp)"),
                sample(
                        "what keys get, where queries see them",
                        "Where(allowed, ?ramp, ~-65504)",
                        "Where(allowed, ?ramp, ~-2)",
                        "Where(allowed, ?masked, ~-65504)",
                        "Where(?chunks, ?ramp, ~-65504)"),
                sample(
                        "a mask that is added",
                        "Where(allowed, ~0, ~-65504)",
                        "Where(allowed, ~0, ~-2)",
                        "Where(allowed, ~-65504, ~0)"));
    }

    private static Stream<RuleSample> ordinary() {
        return Stream.of(
                sample(
                        "a product with a matrix",
                        "MatMul(?x, ?m)",
                        "MatMul(?x, ?n)",
                        "MatMul(?m, ?x)",
                        "MatMul(?x, ?y)"),
                sample(
                        "a product with a matrix or its transpose",
                        "Gemm{transB=1}(?x, ?n)",
                        "Gemm(?x, ?n)",
                        "Gemm{transA=1}(?x, ?m)",
                        "Gemm(?x, ?m, ?w)"),
                sample(
                        "a product that may transpose",
                        "com.microsoft.FusedMatMul{transB=1}(?x, ?n)",
                        "com.microsoft.FusedMatMul{transA=1}(?x, ?m)"),
                sample("rows of a table", "Gather(?m, ids)", "Gather{axis=1}(?m, ids)", "Gather(?m, mask)"),
                sample(
                        "a transposed matrix",
                        "Transpose{perm=[1,0]}(?m)",
                        "Transpose{perm=[0,1]}(?m)",
                        "Transpose(?x)"),
                sample("a bias", "Add(?x, ?v)", "Add(?x, ?w)", "Add(?y, ?x)"),
                sample("a sum", "Add(?x, ?y)", "Add(?x, ?v)", "Add(?x, ?narrow)"),
                sample("a gain", "Mul(?x, ?v)", "Mul(?x, ?w)", "Mul(?x, ?y)"),
                sample("a factor", "Mul(?x, ~3)", "Mul(?x, ?v)", "Mul(~3, ~3)"),
                sample(
                        "a factor of each position",
                        "Mul(?x, Gather(?column, positions))",
                        "Mul(?x, Gather(?m, positions))",
                        "Mul(?x, Gather(?column, ids))",
                        "Mul(?x, ?column)"),
                sample("a divisor", "Div(?x, ~3)", "Div(~3, ?x)", "Div(?x, ?y)"),
                sample("a product", "Mul(?x, ?y)", "Mul(?x, ?narrow)", "Mul(?x, ?v)"),
                sample("GELU", "Gelu(?x)", "Gelu(?v)"),
                sample("GELU of the runtime", "com.microsoft.Gelu(?x)", "com.microsoft.Gelu(?v)"),
                sample("GELU by a tangent", "com.microsoft.FastGelu(?x)", "com.microsoft.FastGelu(?x, ?v)"),
                sample("ReLU", "Relu(?x)", "Relu(?v)"),
                sample("SiLU", "Swish(?x)", "Swish(?v)"),
                sample(
                        "parts",
                        "Split{axis=-1}(?x, =[4,4])",
                        "Split{axis=1}(?x, =[4,4])",
                        "Split{axis=-1}(?x, =[4,5])"),
                sample(
                        "a part",
                        "Slice(?x, =0, =4, =-1)",
                        "Slice(?x, =0, =9, =-1)",
                        "Slice(?x, =0, =4, =0)",
                        "Slice(?x, =0, =4, =-1, =2)"),
                sample(
                        "the last token",
                        "Gather{axis=1}(?x, =-1)",
                        "Gather{axis=1}(?x, =0)",
                        "Gather{axis=0}(?x, =-1)"),
                sample("side by side", "Concat{axis=-1}(?x, ?y)", "Concat{axis=1}(?x, ?y)", "Concat{axis=-1}(?x, ?v)"),
                sample("the same in another type", "Cast{to=10}(?x)", "Cast{to=6}(?x)", "Cast{to=1}(mask)"),
                sample(
                        "heads, or heads side by side",
                        "Reshape(?x, =[0,0,2,4])",
                        "Reshape(?x, =[0,0,3])",
                        "Reshape(?v, =[2,4])"),
                sample(
                        "RMS norm",
                        "RMSNormalization(?x, ?v)",
                        "RMSNormalization(?x, ?w)",
                        "RMSNormalization{axis=1}(?x, ?v)"),
                sample(
                        "RMS norm of the runtime",
                        "SimplifiedLayerNormalization(?x, ?v)",
                        "SimplifiedLayerNormalization:1(?x, ?v)"),
                sample("layer norm", "LayerNormalization(?x, ?v, ?v)", "LayerNormalization(?x, ?v, ?w)"),
                sample(
                        "RMS norm of a sum",
                        "com.microsoft.SkipSimplifiedLayerNormalization(?x, ?y, ?v)",
                        "com.microsoft.SkipSimplifiedLayerNormalization(?x, ?narrow, ?v)",
                        "com.microsoft.SkipSimplifiedLayerNormalization:1(?x, ?y, ?v)"),
                sample(
                        "layer norm of a sum",
                        "com.microsoft.SkipLayerNormalization(?x, ?y, ?v, ?v)",
                        "com.microsoft.SkipLayerNormalization(?x, ?y, ?v, ?w)"),
                sample(
                        "grouped attention of the runtime",
                        "com.microsoft.GroupQueryAttention{num_heads=2,kv_num_heads=2}(?x, ?y, ?y, ?past, ?past, last, total)",
                        "com.microsoft.GroupQueryAttention{num_heads=2,kv_num_heads=2}(?x, ?y, ?y, ?past, ?past, total, total)",
                        "com.microsoft.GroupQueryAttention{num_heads=3,kv_num_heads=2}(?x, ?y, ?y, ?past, ?past, last, total)",
                        "com.microsoft.GroupQueryAttention{num_heads=2,kv_num_heads=2,smooth_softmax=1}"
                                + "(?x, ?y, ?y, ?past, ?past, last, total)",
                        "com.microsoft.GroupQueryAttention{num_heads=2,kv_num_heads=2}"
                                + "(?x, ?y, ?y, ?past, ?past, last, total, ?none, ?none, ?none, ?none, ?w)",
                        "com.microsoft.GroupQueryAttention{num_heads=2,kv_num_heads=2,unheard_of=0}"
                                + "(?x, ?y, ?y, ?past, ?past, last, total)"),
                sample(
                        "grouped attention of the runtime",
                        "com.microsoft.GroupQueryAttention{num_heads=4,kv_num_heads=4}"
                                + "(?x, ?y, ?y, ?past, ?past, last, total, ?none, ?none, ?none, ?none, ?w)",
                        "com.microsoft.GroupQueryAttention{num_heads=4,kv_num_heads=4}"
                                + "(?x, ?y, ?y, ?past, ?past, last, total, ?none, ?none, ?none, ?w, ?w)"),
                sample(
                        "grouped attention of the runtime",
                        "com.microsoft.GroupQueryAttention{num_heads=2,kv_num_heads=2}"
                                + "(?x, ?y, ?y, ?past, ?past, last, total, ?none, ?none, ?none, ?chunks)",
                        "com.microsoft.GroupQueryAttention{num_heads=2,kv_num_heads=2}"
                                + "(?x, ?y, ?y, ?past, ?past, last, total, ?none, ?none, ?none, ?w)",
                        "com.microsoft.GroupQueryAttention{num_heads=2,kv_num_heads=2}"
                                + "(?x, ?y, ?y, ?past, ?past, last, total, ?none, ?none, ?none, allowed)",
                        "com.microsoft.GroupQueryAttention{num_heads=2,kv_num_heads=2,local_window_size=4}"
                                + "(?x, ?y, ?y, ?past, ?past, last, total, ?none, ?none, ?none, ?chunks)"),
                sample(
                        "grouped attention of the runtime",
                        "com.microsoft.GroupQueryAttention{num_heads=2,kv_num_heads=2}"
                                + "(?x, ?y, ?y, ?past, ?past, last, total, ?none, ?none, ?none, ?ramp)",
                        "com.microsoft.GroupQueryAttention{num_heads=2,kv_num_heads=2}"
                                + "(?x, ?y, ?y, ?past, ?past, last, total, ?none, ?none, ?none, ?masked)",
                        "com.microsoft.GroupQueryAttention{num_heads=4,kv_num_heads=4}"
                                + "(?x, ?y, ?y, ?past, ?past, last, total, ?none, ?none, ?none, ?ramp)"),
                sample(
                        "attention",
                        "Attention{q_num_heads=2,kv_num_heads=2}(?x, ?y, ?y, ?masked, ?past, ?past)",
                        "Attention{q_num_heads=2,kv_num_heads=2}(?x, ?y, ?y, ?ramp, ?past, ?past)"),
                sample(
                        "attention",
                        "Attention{q_num_heads=2,kv_num_heads=2}(?x, ?y, ?y, allowed, ?past, ?past)",
                        "Attention{q_num_heads=2,kv_num_heads=2}(?x, ?y, ?y, ?y, ?past, ?past)",
                        "Attention{q_num_heads=2,kv_num_heads=1}(?x, ?y, ?y, allowed, ?past, ?past)"),
                sample(
                        "rotary positions",
                        "RotaryEmbedding(?x, ?m, ?m, positions)",
                        "RotaryEmbedding(?x, ?m, ?n, positions)",
                        "RotaryEmbedding(?x, ?m, ?m, mask)"),
                sample(
                        "rotary positions of the runtime",
                        "com.microsoft.RotaryEmbedding(?x, positions, ?m, ?m)",
                        "com.microsoft.RotaryEmbedding{scale=2}(?x, positions, ?m, ?m)"));
    }

    /** Of two heads. */
    private static Weight ramps() {
        return new Filled(Shape.of(2, 8), 1);
    }

    private static Sketch sketch() {
        Sketch sketch = new Sketch(Interpreter.rules());
        return sketch.with("past", new Term.Input("past_key_values.0.key"))
                .with("h", new Term.Headed(sketch.computed(1), 2, 4))
                .with("keys", new Term.Keys(sketch.computed(2), 2, 4, 1, "past.0.key", Layout.HEADS))
                .with("held", new Term.Keys(sketch.computed(3), 2, 4, 1, "past.0.value", Layout.HEADS))
                .with("elsewhere", new Term.Keys(sketch.computed(3), 2, 4, 1, "past.1.value", Layout.HEADS))
                .with("angles", new Term.Angles(new Filled(Shape.of(2), 1), Term.Spread.ONCE))
                .with("frequencies", tensor(DataType.FLOAT, 4, 1, 4, 1))
                .with("four", new Term.Headed(sketch.computed(1), 4, 4))
                .with("shared", new Term.Keys(sketch.computed(2), 1, 4, 1, "past.0.key", Layout.HEADS))
                .with("grouped", new Term.Grouped(new Term.Headed(sketch.computed(1), 4, 4), 2))
                .with("one", new Term.Grouped(new Term.Headed(sketch.computed(1), 4, 4), 1))
                .with("wide", sketch.projected(24))
                .with("single", sketch.projected(1))
                .with("chunks", Term.Mask.added(false, Optional.of(Window.chunk(4))))
                .with("ramp", new Term.Ramp(ramps(), false))
                .with("masked", new Term.Ramp(ramps(), true))
                .with("v24", numbers(24))
                .with("zeros", tensor(DataType.UINT8, 1, 2, 8))
                .with("r", sketch.projected(2).term())
                .with("shares", new Term.Shares(sketch.projected(2), Routing.softmax(1, false)))
                .with("e", tensor(DataType.FLOAT, 4, 2, 8, 8))
                .with("e4", tensor(DataType.FLOAT, 4, 2, 4, 8))
                .with("down4", tensor(DataType.FLOAT, 4, 2, 8, 4))
                .with("zero", new Term.Numbers(new Filled(Shape.of(2, 8), 0), Optional.empty()))
                .with("twos", numbers(2, 8))
                .with("codes", tensor(DataType.UINT8, 1, 2, 8, 8))
                .with("nibbles", tensor(DataType.UINT8, 1, 2, 8, 4))
                .with("scales", tensor(DataType.FLOAT, 4, 2, 8, 1))
                .with("m", numbers(8, 8))
                .with("n", numbers(4, 8))
                .with("column", numbers(8, 1))
                .with("v", numbers(8))
                .with("w", numbers(4))
                .with("narrow", new Term.Part(sketch.computed(1), 0, 4));
    }

    /** Whose elements nobody reads. */
    private static Term tensor(DataType type, int bytes, long... dims) {
        Shape shape = Shape.of(dims);
        return new Term.Constant(new Tensor(
                "tensor", type, shape, new Tensor.InFile(Path.of("model.onnx"), 0, shape.elements() * bytes)));
    }

    private static Term numbers(long... dims) {
        return new Term.Numbers(new Filled(Shape.of(dims), 2), Optional.empty());
    }

    private static Optional<Term> made(String rule, String text) {
        Sketch sketch = sketch();
        Applied pattern = PatternText.parse(text);
        return Interpreter.rules().stream()
                .filter(one -> one.name().equals(rule) && one.operator().equals(pattern.operator()))
                .findFirst()
                .orElseThrow()
                .match()
                .make(sketch.call(pattern), sketch.values());
    }

    @ParameterizedTest
    @MethodSource("samples")
    void fires(RuleSample sample) {
        assertThat(made(sample.rule(), sample.fires())).isPresent();
    }

    @ParameterizedTest
    @MethodSource("samples")
    void does_not_fire(RuleSample sample) {
        assertThat(sample.not())
                .isNotEmpty()
                .allSatisfy(text -> assertThat(made(sample.rule(), text)).isEmpty());
    }
}
