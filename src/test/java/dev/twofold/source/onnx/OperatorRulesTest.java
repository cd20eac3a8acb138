package dev.twofold.source.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.source.onnx.Pattern.Applied;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight.Filled;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Rules of one operator: what they fire for, and what looks like it and is something else. */
final class OperatorRulesTest {

    /**
     * @param rule its name
     * @param fires in the language of patterns; x, y are values of a width of 8, m a matrix [8, 8], n one [4, 8], v a vector of 8, w one of 4
     * @param not what it does not fire for
     */
    private record Sample(String rule, String fires, List<String> not) {

        @Override
        public String toString() {
            return rule;
        }
    }

    private static Sample sample(String rule, String fires, String... not) {
        return new Sample(rule, fires, List.of(not));
    }

    static Stream<Sample> samples() {
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
                        "com.microsoft.GroupQueryAttention{num_heads=2,kv_num_heads=2,unheard_of=0}"
                                + "(?x, ?y, ?y, ?past, ?past, last, total)"),
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

    private static Sketch sketch() {
        Sketch sketch = new Sketch(Interpreter.rules());
        return sketch.with("past", new Term.Input("past_key_values.0.key"))
                .with("m", numbers(8, 8))
                .with("n", numbers(4, 8))
                .with("v", numbers(8))
                .with("w", numbers(4))
                .with("narrow", new Term.Part(sketch.computed(1), 0, 4));
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
    void fires(Sample sample) {
        assertThat(made(sample.rule, sample.fires)).isPresent();
    }

    @ParameterizedTest
    @MethodSource("samples")
    void does_not_fire(Sample sample) {
        assertThat(sample.not)
                .isNotEmpty()
                .allSatisfy(text -> assertThat(made(sample.rule, text)).isEmpty());
    }
}
