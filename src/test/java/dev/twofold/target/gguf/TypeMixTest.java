package dev.twofold.target.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.gguf.TensorType;
import dev.twofold.target.gguf.GgufTensor.Use;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight.Filled;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The types that llama.cpp's quantizer chose for the same tensors (tools/gguf/against_quantizer.py compares whole files). */
final class TypeMixTest {

    private static TypeMix mix(MatrixType asked, boolean tied, int blocks) {
        return new TypeMix(asked, tied, blocks, 0, true);
    }

    private static GgufTensor tensor(Use use, int block, long columns) {
        Shape shape = Shape.of(64, columns);
        return new GgufTensor("t", shape, new Filled(shape, 0), use, block);
    }

    private static List<TensorType> types(TypeMix mix, Use use) {
        return IntStream.range(0, mix.blocks())
                .mapToObj(block -> mix.of(tensor(use, block, 512)))
                .toList();
    }

    @Test
    void some_blocks_have_values_and_last_projections_of_more_bits() {
        List<TensorType> values = types(mix(MatrixType.Q4_K_M, true, 16), Use.VALUE);
        assertThat(IntStream.range(0, 16).filter(block -> values.get(block) == TensorType.Q6_K))
                .containsExactly(0, 1, 4, 7, 10, 13, 14, 15);
        assertThat(types(mix(MatrixType.Q4_K_M, true, 16), Use.DOWN)).isEqualTo(values);
        assertThat(types(mix(MatrixType.Q4_K_S, true, 16), Use.VALUE))
                .startsWith(TensorType.Q5_K, TensorType.Q5_K, TensorType.Q5_K, TensorType.Q5_K, TensorType.Q4_K)
                .endsWith(TensorType.Q4_K);
        assertThat(types(mix(MatrixType.Q4_K_S, true, 16), Use.DOWN))
                .startsWith(TensorType.Q5_K, TensorType.Q5_K, TensorType.Q4_K);
        assertThat(types(mix(MatrixType.Q4_0, true, 16), Use.VALUE)).containsOnly(TensorType.Q4_0);
    }

    @Test
    void the_head_has_six_bits_or_eight() {
        assertThat(mix(MatrixType.Q4_K_M, false, 16).of(tensor(Use.HEAD, 0, 512)))
                .isEqualTo(TensorType.Q6_K);
        assertThat(mix(MatrixType.Q4_K_M, false, 16).of(tensor(Use.EMBEDDING, 0, 512)))
                .isEqualTo(TensorType.Q4_K);
        assertThat(mix(MatrixType.Q4_K_M, true, 16).of(tensor(Use.EMBEDDING, 0, 512)))
                .isEqualTo(TensorType.Q6_K);
        assertThat(mix(MatrixType.Q8_0, true, 16).of(tensor(Use.EMBEDDING, 0, 512)))
                .isEqualTo(TensorType.Q8_0);
    }

    @Test
    void rows_that_blocks_do_not_divide_have_smaller_blocks() {
        assertThat(mix(MatrixType.Q4_K_M, true, 16).of(tensor(Use.DOWN, 2, 704)))
                .isEqualTo(TensorType.Q5_0);
        assertThat(mix(MatrixType.Q4_K_M, true, 16).of(tensor(Use.DOWN, 0, 704)))
                .isEqualTo(TensorType.Q8_0);
        assertThat(mix(MatrixType.Q5_K_M, true, 16).of(tensor(Use.DOWN, 2, 704)))
                .isEqualTo(TensorType.Q5_1);
        assertThat(mix(MatrixType.Q4_0, true, 16).of(tensor(Use.MATRIX, 0, 40))).isEqualTo(TensorType.F16);
    }

    @Test
    void vectors_and_routers_are_float32() {
        for (MatrixType type : MatrixType.values()) {
            assertThat(mix(type, true, 16).of(tensor(Use.SMALL, 0, 512))).isEqualTo(TensorType.F32);
        }
        assertThat(mix(MatrixType.BF16, true, 16).of(tensor(Use.HEAD, 0, 40))).isEqualTo(TensorType.BF16);
    }
}
