package dev.twofold.source.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.MappedFiles;
import dev.twofold.pipeline.Sources;
import dev.twofold.source.Source;
import dev.twofold.tensor.BFloat16;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Float16;
import dev.twofold.testing.TinyLlama;
import dev.twofold.weight.WeightEvaluator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoints of quantized weights, whose numbers are worked out here once more, from codes that the tests choose. */
final class QuantizedCheckpointTest {

    private static final String DOWN = TinyLlama.name(0, "mlp.down_proj");
    private static final int OUT = TinyLlama.HIDDEN;
    private static final int IN = TinyLlama.FEED_FORWARD;

    @TempDir
    private Path directory;

    private final Random random = new Random(7);

    /** A number of each element of the matrix, {@code [out, in]}. */
    private interface Element {
        float at(int out, int in);
    }

    private static TinyLlama quantized(String options) {
        return TinyLlama.create().without(DOWN + ".weight").set("quantization_config", options);
    }

    private void assertReads(TinyLlama model, Element expected) throws IOException {
        Source source = Sources.SHIPPED.open(model.write(directory));
        assertThat(source.notes()).anyMatch(note -> note.contains("the checkpoint is quantized"));
        try (MappedFiles files = new MappedFiles()) {
            float[] found = new WeightEvaluator(files)
                    .read(TinyCheckpoint.feedForward(source.decoder(), 0).down().weight());
            float[] wanted = new float[OUT * IN];
            for (int i = 0; i < wanted.length; i++) {
                wanted[i] = expected.at(i / IN, i % IN);
            }
            assertThat(found).isEqualTo(wanted);
        }
    }

    private String refused(TinyLlama model) throws IOException {
        model.write(directory);
        TwofoldException e = catchThrowableOfType(TwofoldException.class, () -> {
            Source source = Sources.SHIPPED.open(directory);
            try (MappedFiles files = new MappedFiles()) {
                new WeightEvaluator(files)
                        .read(TinyCheckpoint.feedForward(source.decoder(), 0)
                                .down()
                                .weight());
            }
        });
        assertThat(e).as("accepted").isNotNull();
        return String.valueOf(e.getMessage());
    }

    private byte[] codes(int count) {
        byte[] codes = new byte[count];
        random.nextBytes(codes);
        for (int i = 0; i < count; i++) {
            // The last code of each sign is no number.
            codes[i] = (codes[i] & 0x7f) == 0x7f ? 0 : codes[i];
        }
        return codes;
    }

    private float[] scales(int count, DType type) {
        float[] scales = new float[count];
        for (int i = 0; i < count; i++) {
            scales[i] = rounded(0.01f + random.nextFloat() / 16, type);
        }
        return scales;
    }

    private static float rounded(float value, DType type) {
        return switch (type) {
            case F16 -> Float16.toFloat(Float16.fromFloat(value));
            case BF16 -> BFloat16.toFloat(BFloat16.fromFloat(value));
            default -> value;
        };
    }

    private int[][] numbers(int rows, int columns, int bits) {
        int[][] numbers = new int[rows][columns];
        for (int[] row : numbers) {
            for (int i = 0; i < columns; i++) {
                row[i] = random.nextInt(1 << bits);
            }
        }
        return numbers;
    }

    /** Sign, exponent and fraction by themselves. */
    private static float e4m3(byte code) {
        int exponent = code >> 3 & 15;
        double size = exponent == 0 ? (code & 7) / 512.0 : (1 + (code & 7) / 8.0) * Math.pow(2, exponent - 7);
        return (float) (code < 0 ? -size : size);
    }

    /** Numbers of a row, the first of a word in its lowest bits. */
    private static byte[] alongRows(int[][] numbers, int bits, int... order) {
        int each = 32 / bits;
        ByteBuffer words = ByteBuffer.allocate(numbers.length * numbers[0].length * bits / 8)
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int[] row : numbers) {
            for (int word = 0; word < row.length / each; word++) {
                int value = 0;
                for (int i = 0; i < each; i++) {
                    value |= row[word * each + (order.length == 0 ? i : order[i])] << bits * i;
                }
                words.putInt(value);
            }
        }
        return words.array();
    }

    private static int[][] transposed(int[][] numbers) {
        int[][] other = new int[numbers[0].length][numbers.length];
        for (int r = 0; r < numbers.length; r++) {
            for (int c = 0; c < numbers[0].length; c++) {
                other[c][r] = numbers[r][c];
            }
        }
        return other;
    }

    /** Numbers of a column in a word: the words of the transpose, transposed. */
    private static byte[] alongColumns(int[][] numbers, int bits) {
        ByteBuffer words = ByteBuffer.wrap(alongRows(transposed(numbers), bits)).order(ByteOrder.LITTLE_ENDIAN);
        int rows = numbers.length * bits / 32;
        int columns = numbers[0].length;
        ByteBuffer result = ByteBuffer.allocate(words.capacity()).order(ByteOrder.LITTLE_ENDIAN);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                result.putInt(words.getInt(4 * (c * rows + r)));
            }
        }
        return result.array();
    }

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
                "{\"quant_method\": \"mxfp4\"}; mxfp4",
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
