package dev.twofold.source.huggingface;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.pipeline.Sources;
import dev.twofold.tensor.DType;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoints of quantized weights, whose numbers are worked out here once more, from codes that the tests choose. */
final class QuantizedCheckpointTest extends QuantizedCheckpoints {

    @Test
    void fp8_in_blocks_the_last_of_which_are_cut_off() throws IOException {
        byte[] codes = codes(OUT * IN);
        float[] scales = scales(2 * 3, DType.F32);
        TinyLlama model = quantized("{\"quant_method\": \"fp8\", \"weight_block_size\": [48, 40]}")
                .raw(DOWN + ".weight", DType.F8_E4M3, codes, OUT, IN)
                .tensor(DOWN + ".weight_scale_inv", DType.F32, scales, 2, 3)
                .tensor(DOWN + ".input_scale", DType.F32, new float[] {1});
        assertReads(model, (out, in) -> e4m3(codes[out * IN + in]) * scales[out / 48 * 3 + in / 40]);
    }

    @Test
    void fp8_with_one_scale() throws IOException {
        byte[] codes = codes(OUT * IN);
        TinyLlama model = quantized("{\"quant_method\": \"compressed-tensors\", \"format\": \"float-quantized\"}")
                .raw(DOWN + ".weight", DType.F8_E4M3, codes, OUT, IN)
                .tensor(DOWN + ".weight_scale", DType.F32, new float[] {0.037f});
        assertReads(model, (out, in) -> e4m3(codes[out * IN + in]) * 0.037f);
    }

    @ParameterizedTest
    @ValueSource(strings = {"F32", "BF16", "F16"})
    void fp8_with_a_scale_a_row_in_whose_type_products_are_rounded(DType type) throws IOException {
        byte[] codes = codes(OUT * IN);
        float[] scales = scales(OUT, type);
        TinyLlama model = quantized("{\"quant_method\": \"compressed-tensors\"}")
                .raw(DOWN + ".weight", DType.F8_E4M3, codes, OUT, IN)
                .tensor(DOWN + ".weight_scale", type, scales, OUT, 1);
        assertReads(model, (out, in) -> rounded(e4m3(codes[out * IN + in]) * scales[out], type));
    }

    @Test
    void whole_numbers_of_eight_bits_with_a_scale_a_row() throws IOException {
        byte[] codes = codes(OUT * IN);
        float[] scales = scales(OUT, DType.BF16);
        TinyLlama model = quantized("{\"quant_method\": \"compressed-tensors\", \"format\": \"int-quantized\"}")
                .raw(DOWN + ".weight", DType.I8, codes, OUT, IN)
                .tensor(DOWN + ".weight_scale", DType.BF16, scales, OUT, 1);
        assertReads(model, (out, in) -> rounded(codes[out * IN + in] * scales[out], DType.BF16));
    }

    @Test
    void a_head_of_its_own_like_any_other_matrix() throws IOException {
        byte[] codes = codes(TinyLlama.VOCABULARY * OUT);
        float[] scales = scales(TinyLlama.VOCABULARY, DType.F32);
        TinyLlama model = TinyLlama.create()
                .without("lm_head.weight")
                .set("quantization_config", "{\"quant_method\": \"compressed-tensors\", \"format\": \"int-quantized\"}")
                .raw("lm_head.weight", DType.I8, codes, TinyLlama.VOCABULARY, OUT)
                .tensor("lm_head.weight_scale", DType.F32, scales, TinyLlama.VOCABULARY, 1);
        assertReads(
                model, decoder -> decoder.head().weight(), (row, column) -> codes[row * OUT + column] * scales[row]);
    }

    @Test
    void eight_bits_of_bitsandbytes() throws IOException {
        byte[] codes = codes(OUT * IN);
        float[] scales = scales(OUT, DType.F32);
        TinyLlama model = quantized("{\"quant_method\": \"bitsandbytes\", \"load_in_8bit\": true}")
                .raw(DOWN + ".weight", DType.I8, codes, OUT, IN)
                .raw(DOWN + ".weight_format", DType.U8, new byte[1])
                .tensor(DOWN + ".SCB", DType.F32, scales, OUT);
        assertReads(model, (out, in) -> codes[out * IN + in] * scales[out] * 7.874015718698502e-3f);
    }

    @ParameterizedTest
    @CsvSource({"4, gptq, true", "4, gptq, false", "8, gptq, true", "4, gptq_v2, false", "2, gptq, false"})
    void gptq_in_groups_that_follow_one_another_or_not(int bits, String format, boolean listed) throws IOException {
        int groups = 3;
        int[][] codes = numbers(IN, OUT, bits);
        int[][] zeros = numbers(groups, OUT, bits);
        float[] scales = scales(groups * OUT, DType.F16);
        int[][] group = new int[1][IN];
        for (int i = 0; i < IN; i++) {
            group[0][i] = listed ? random.nextInt(groups) : i / (IN / groups);
        }
        TinyLlama model = quantized("{\"quant_method\": \"gptq\", \"bits\": " + bits + ", \"group_size\": 32,"
                        + " \"desc_act\": " + listed + ", \"checkpoint_format\": \"" + format + "\"}")
                .raw(DOWN + ".qweight", DType.I32, alongColumns(codes, bits), IN * bits / 32, OUT)
                .raw(DOWN + ".qzeros", DType.I32, alongRows(zeros, bits), groups, OUT * bits / 32)
                .tensor(DOWN + ".scales", DType.F16, scales, groups, OUT);
        if (listed) {
            model.raw(DOWN + ".g_idx", DType.I32, alongRows(group, 32), IN);
        }
        int below = format.equals("gptq") ? 1 : 0;
        assertReads(model, (out, in) -> {
            int own = group[0][in];
            return rounded((codes[in][out] - (zeros[own][out] + below)) * scales[own * OUT + out], DType.F16);
        });
    }

    @Test
    void awq_whose_numbers_are_woven() throws IOException {
        int groups = 3;
        int[][] codes = numbers(IN, OUT, 4);
        int[][] zeros = numbers(groups, OUT, 4);
        float[] scales = scales(groups * OUT, DType.F16);
        int[] order = {0, 2, 4, 6, 1, 3, 5, 7};
        TinyLlama model = quantized(
                        "{\"quant_method\": \"awq\", \"bits\": 4, \"group_size\": 32, \"version\": \"gemm\"}")
                .raw(DOWN + ".qweight", DType.I32, alongRows(codes, 4, order), IN, OUT / 8)
                .raw(DOWN + ".qzeros", DType.I32, alongRows(zeros, 4, order), groups, OUT / 8)
                .tensor(DOWN + ".scales", DType.F16, scales, groups, OUT);
        assertReads(model, (out, in) -> {
            int own = in / (IN / groups);
            return rounded((codes[in][out] - zeros[own][out]) * scales[own * OUT + out], DType.F16);
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void packed_numbers_of_compressed_tensors(boolean symmetric) throws IOException {
        int groups = 3;
        int[][] codes = numbers(OUT, IN, 4);
        int[][] zeros = numbers(OUT, groups, 4);
        float[] scales = scales(OUT * groups, DType.BF16);
        TinyLlama model = quantized("{\"quant_method\": \"compressed-tensors\", \"format\": \"pack-quantized\"}")
                .raw(DOWN + ".weight_packed", DType.I32, alongRows(codes, 4), OUT, IN / 8)
                .raw(DOWN + ".weight_shape", DType.I64, new byte[16], 2)
                .tensor(DOWN + ".weight_scale", DType.BF16, scales, OUT, groups);
        if (!symmetric) {
            model.raw(DOWN + ".weight_zero_point", DType.I32, alongColumns(zeros, 4), OUT / 8, groups);
        }
        assertReads(model, (out, in) -> {
            int own = in / (IN / groups);
            int zero = symmetric ? 8 : zeros[out][own];
            return rounded((codes[out][in] - zero) * scales[out * groups + own], DType.BF16);
        });
    }

    @Test
    void a_checkpoint_that_only_says_so_is_read_as_it_is_and_said_to_be_plain() throws IOException {
        TinyLlama plain = TinyLlama.create().set("quantization_config", "{\"quant_method\": \"fp8\"}");
        assertThat(Sources.SHIPPED.open(plain.write(directory)).notes())
                .containsExactly(
                        "note: config.json says that the checkpoint is quantized (fp8), but all its matrices are"
                                + " stored as plain numbers, and are read as they are");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{\"quant_method\": \"hqq\"}; hqq",
                "{\"bits\": 4}; nothing",
                "{\"quant_method\": \"fp8\", \"weight_block_size\": [0, 128]}; weight_block_size"
            })
    void methods_that_are_not_read_are_refused(String options, String said) throws IOException {
        assertThat(refused(quantized(options))).contains("quantization_config", said);
    }

    @Test
    void tensors_of_other_shapes_and_groups_that_there_are_not_are_refused() throws IOException {
        String gptq = "{\"quant_method\": \"gptq\", \"bits\": 4, \"group_size\": 32}";
        byte[] words = new byte[IN * OUT / 2];
        float[] scales = new float[3 * OUT];
        TinyLlama sound = quantized(gptq)
                .raw(DOWN + ".qweight", DType.I32, words, IN / 8, OUT)
                .raw(DOWN + ".qzeros", DType.I32, new byte[3 * OUT / 2], 3, OUT / 8)
                .tensor(DOWN + ".scales", DType.F16, scales, 3, OUT);
        int[][] beyond = new int[1][IN];
        beyond[0][5] = 3;
        assertThat(refused(sound.raw(DOWN + ".g_idx", DType.I32, alongRows(beyond, 32), IN)))
                .contains(DOWN + ".g_idx", "found:    3", "0 to 2");
        assertThat(refused(sound.raw(DOWN + ".qweight", DType.I32, words, OUT, IN / 8)))
                .contains(DOWN + ".qweight", "wrong shape of a quantized matrix");
        assertThat(refused(sound.tensor(DOWN + ".scales", DType.F16, new float[3], 3)))
                .contains("wrong shape of a quantized matrix");
        assertThat(refused(quantized(gptq).raw(DOWN + ".qweight", DType.I32, words, IN / 8, OUT)))
                .contains("the tensor is missing", DOWN + ".scales");
    }
}
