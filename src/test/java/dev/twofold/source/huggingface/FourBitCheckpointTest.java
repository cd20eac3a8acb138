package dev.twofold.source.huggingface;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.tensor.DType;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Matrices of four bits as bitsandbytes stores them, whose numbers are worked out here once more. */
final class FourBitCheckpointTest extends QuantizedCheckpoints {

    /** What bitsandbytes 0.50 prints of its own. */
    private static final float[] NF4 = {
        -1.0f,
        -0.6961928009986877f,
        -0.5250730514526367f,
        -0.39491748809814453f,
        -0.28444138169288635f,
        -0.18477343022823334f,
        -0.09105003625154495f,
        0f,
        0.07958029955625534f,
        0.16093020141124725f,
        0.24611230194568634f,
        0.33791524171829224f,
        0.44070982933044434f,
        0.5626170039176941f,
        0.7229568362236023f,
        1f
    };

    private static final float[] FP4 = {
        0f,
        0.0052083333f,
        0.6666667f,
        1f,
        0.33333334f,
        0.5f,
        0.16666667f,
        0.25f,
        -0f,
        -0.0052083333f,
        -0.6666667f,
        -1f,
        -0.33333334f,
        -0.5f,
        -0.16666667f,
        -0.25f
    };

    private static byte[] state(String kind, String dtype, int block, String more) {
        return ("{\"quant_type\": \"" + kind + "\", \"blocksize\": " + block + ", \"dtype\": \"" + dtype
                        + "\", \"shape\": [" + OUT + ", " + IN + "]" + more + "}")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** The first number of a byte in its higher bits. */
    private static byte[] highFirst(int[][] numbers) {
        byte[] bytes = new byte[OUT * IN / 2];
        for (int i = 0; i < bytes.length; i++) {
            int at = 2 * i;
            bytes[i] = (byte) (numbers[at / IN][at % IN] << 4 | numbers[at / IN][at % IN + 1]);
        }
        return bytes;
    }

    private TinyLlama fourBits(String kind, int[][] codes, DType storage, byte[] state) {
        return quantized("{\"quant_method\": \"bitsandbytes\", \"load_in_4bit\": true}")
                .raw(DOWN + ".weight", storage, highFirst(codes), OUT * IN / 2 / storage.bytes(), 1)
                .tensor(DOWN + ".weight.quant_map", DType.F32, new float[16], 16)
                .raw(DOWN + ".weight.quant_state.bitsandbytes__" + kind, DType.U8, state, state.length);
    }

    @ParameterizedTest
    @CsvSource({"nf4, bfloat16, BF16, U8", "nf4, float16, F16, BF16", "nf4, float32, F32, U8", "fp4, float32, F32, U8"})
    void four_bits_of_bitsandbytes(String kind, String dtype, DType type, DType storage) throws IOException {
        int[][] codes = numbers(OUT, IN, 4);
        float[] scales = scales(OUT * 3, DType.F32);
        float[] table = kind.equals("nf4") ? NF4 : FP4;
        TinyLlama model = fourBits(kind, codes, storage, state(kind, dtype, 32, ""))
                .tensor(DOWN + ".weight.absmax", DType.F32, scales, OUT * 3);
        assertReads(model, (out, in) -> rounded(table[codes[out][in]] * scales[out * 3 + in / 32], type));
    }

    @Test
    void four_bits_whose_scales_are_codes_themselves() throws IOException {
        int[][] codes = numbers(OUT, IN, 4);
        byte[] inner = codes(OUT * 3);
        float[] map = scales(256, DType.F32);
        float[] outer = scales(4, DType.F32);
        String nested = ", \"nested_blocksize\": 50, \"nested_dtype\": \"float32\", \"nested_offset\": 0.0625";
        TinyLlama model = fourBits("nf4", codes, DType.U8, state("nf4", "bfloat16", 32, nested))
                .raw(DOWN + ".weight.absmax", DType.U8, inner, OUT * 3)
                .tensor(DOWN + ".weight.nested_absmax", DType.F32, outer, 4)
                .tensor(DOWN + ".weight.nested_quant_map", DType.F32, map, 256);
        assertReads(model, (out, in) -> {
            int block = out * 3 + in / 32;
            float scale = map[inner[block] & 0xff] * outer[block / 50] + 0.0625f;
            return rounded(NF4[codes[out][in]] * scale, DType.BF16);
        });
    }

    @Test
    void four_bits_of_other_shapes_are_refused() throws IOException {
        int[][] codes = numbers(OUT, IN, 4);
        float[] scales = scales(OUT * 3, DType.F32);
        TinyLlama sound = fourBits("nf4", codes, DType.U8, state("nf4", "bfloat16", 32, ""));
        assertThat(refused(sound.tensor(DOWN + ".weight.absmax", DType.F32, scales, OUT, 3)
                        .tensor(DOWN + ".weight.absmax", DType.F32, new float[5], 5)))
                .contains(DOWN + ".weight.absmax", "192 elements");
        assertThat(refused(fourBits("nf4", codes, DType.U8, state("nf4", "bfloat16", 64, ""))
                        .tensor(DOWN + ".weight.absmax", DType.F32, scales, OUT * 3)))
                .contains("blocksize", "blocks that go on in the next row are not read");
        assertThat(refused(fourBits("nf4", codes, DType.U8, state("nf4", "int8", 32, ""))
                        .tensor(DOWN + ".weight.absmax", DType.F32, scales, OUT * 3)))
                .contains("dtype", "no type of numbers");
        assertThat(refused(fourBits("nf4", codes, DType.U8, new byte[] {'{'})
                        .tensor(DOWN + ".weight.absmax", DType.F32, scales, OUT * 3)))
                .contains("not a JSON object", "quant_state");
    }
}
