package dev.twofold.source.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.MappedFiles;
import dev.twofold.pipeline.Sources;
import dev.twofold.source.Source;
import dev.twofold.tensor.BFloat16;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Float16;
import dev.twofold.testing.TinyLlama;
import dev.twofold.weight.Weight;
import dev.twofold.weight.WeightEvaluator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.io.TempDir;

/** Makes checkpoints of one quantized matrix, and compares what is read of them. */
abstract class QuantizedCheckpoints {

    static final String DOWN = TinyLlama.name(0, "mlp.down_proj");
    static final int OUT = TinyLlama.HIDDEN;
    static final int IN = TinyLlama.FEED_FORWARD;

    @TempDir
    Path directory;

    final Random random = new Random(7);

    /** A number of each element of the matrix, {@code [out, in]}. */
    interface Element {
        float at(int out, int in);
    }

    static TinyLlama quantized(String options) {
        return TinyLlama.create().without(DOWN + ".weight").set("quantization_config", options);
    }

    void assertReads(TinyLlama model, Element expected) throws IOException {
        assertReads(
                model, decoder -> TinyCheckpoint.feedForward(decoder, 0).down().weight(), expected);
    }

    void assertReads(TinyLlama model, Function<Decoder, Weight> matrix, Element expected) throws IOException {
        Source source = Sources.SHIPPED.open(model.write(directory));
        assertThat(source.notes()).anyMatch(note -> note.contains("the checkpoint is quantized"));
        try (MappedFiles files = new MappedFiles()) {
            Weight weight = matrix.apply(source.decoder());
            float[] found = new WeightEvaluator(files).read(weight);
            float[] wanted = new float[found.length];
            int columns = (int) weight.shape().dim(1);
            for (int i = 0; i < wanted.length; i++) {
                wanted[i] = expected.at(i / columns, i % columns);
            }
            assertThat(found).isEqualTo(wanted);
        }
    }

    String refused(TinyLlama model) throws IOException {
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

    byte[] codes(int count) {
        byte[] codes = new byte[count];
        random.nextBytes(codes);
        for (int i = 0; i < count; i++) {
            // The last code of each sign is no number.
            codes[i] = (codes[i] & 0x7f) == 0x7f ? 0 : codes[i];
        }
        return codes;
    }

    float[] scales(int count, DType type) {
        float[] scales = new float[count];
        for (int i = 0; i < count; i++) {
            scales[i] = rounded(0.01f + random.nextFloat() / 16, type);
        }
        return scales;
    }

    static float rounded(float value, DType type) {
        return switch (type) {
            case F16 -> Float16.toFloat(Float16.fromFloat(value));
            case BF16 -> BFloat16.toFloat(BFloat16.fromFloat(value));
            default -> value;
        };
    }

    int[][] numbers(int rows, int columns, int bits) {
        int[][] numbers = new int[rows][columns];
        for (int[] row : numbers) {
            for (int i = 0; i < columns; i++) {
                row[i] = random.nextInt(1 << bits);
            }
        }
        return numbers;
    }

    /** Sign, exponent and fraction by themselves. */
    static float e4m3(byte code) {
        int exponent = code >> 3 & 15;
        double size = exponent == 0 ? (code & 7) / 512.0 : (1 + (code & 7) / 8.0) * Math.pow(2, exponent - 7);
        return (float) (code < 0 ? -size : size);
    }

    /** Numbers of a row, the first of a word in its lowest bits. */
    static byte[] alongRows(int[][] numbers, int bits, int... order) {
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

    static int[][] transposed(int[][] numbers) {
        int[][] other = new int[numbers[0].length][numbers.length];
        for (int r = 0; r < numbers.length; r++) {
            for (int c = 0; c < numbers[0].length; c++) {
                other[c][r] = numbers[r][c];
            }
        }
        return other;
    }

    /** Numbers of a column in a word: the words of the transpose, transposed. */
    static byte[] alongColumns(int[][] numbers, int bits) {
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
}
