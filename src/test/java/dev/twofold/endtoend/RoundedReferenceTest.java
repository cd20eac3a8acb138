package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.cli.CommandRun;
import dev.twofold.execution.GraphNames;
import dev.twofold.ort.ModelSession;
import dev.twofold.ort.SessionSetup;
import dev.twofold.tensor.DType;
import dev.twofold.testing.Logits;
import dev.twofold.testing.ReferenceLlama;
import dev.twofold.testing.StoredTensors;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The logits of ONNX Runtime against a reference in float64 whose matrices are rounded here, by the formulas of the GenAI builder, and
 * apart from everything in src/main.
 */
final class RoundedReferenceTest {

    private static final List<List<Integer>> GROUPS = List.of(List.of(0), List.of(1, 2), List.of(3));

    @TempDir
    private Path directory;

    static Stream<Arguments> ways() {
        return Stream.of(4, 8)
                .flatMap(bits -> Stream.of(16, 32, 64, 128)
                        .flatMap(block -> Stream.of(true, false)
                                .flatMap(symmetric -> Stream.of("ort", "onnx")
                                        .map(dialect -> Arguments.of(bits, block, symmetric, dialect)))));
    }

    /** Feed-forwards are 96 wide, so that rows of down end inside of blocks of 64 and 128. */
    @ParameterizedTest
    @MethodSource("ways")
    void logits_are_those_of_the_rounded_weights_within_1e_5(int bits, int block, boolean symmetric, String dialect)
            throws IOException {
        TinyLlama tiny = TinyLlama.create().tied();
        Path checkpoint = tiny.write(directory.resolve("checkpoint"));
        Path pipeline = Files.writeString(
                directory.resolve("plan.yaml"),
                "steps:\n  - pair-layers: {pairs: [1-2]}\n  - quantize: {bits: " + bits + ", block: " + block
                        + ", symmetric: " + symmetric + "}\n");
        Path output = directory.resolve("output");
        CommandRun.succeeding(
                "convert",
                checkpoint,
                "-o",
                output,
                "--quiet",
                "--pipeline",
                pipeline,
                "--dialect",
                dialect,
                "--accuracy-level",
                "1");
        StoredTensors stored = StoredTensors.of(checkpoint);
        tiny.names().stream().filter(name -> stored.shape(name).length == 2).forEach(name -> {
            int columns = (int) stored.shape(name)[1];
            float[] rounded = stored.floats(name);
            round(rounded, columns, bits, block, symmetric);
            tiny.tensor(name, DType.F32, rounded, stored.shape(name));
        });
        Path roundedCheckpoint = tiny.write(directory.resolve("rounded"));
        ReferenceLlama reference = new ReferenceLlama(
                new ObjectMapper().readTree(checkpoint.resolve("config.json").toFile()),
                StoredTensors.of(roundedCheckpoint));
        long[] tokens = new Random(5).longs(40, 0, TinyLlama.VOCABULARY).toArray();
        float[] expected = reference.logits(tokens, GROUPS, false);
        assertThat(Logits.distance(exactly(output, tokens), expected)).isLessThan(1e-5);
    }

    /** ONNX Runtime fuses DequantizeLinear into a product of int8 activations, unless a model is one that is looked at. */
    private static float[] exactly(Path output, long[] tokens) throws IOException {
        byte[] model = Files.readAllBytes(output.resolve(GraphNames.MODEL));
        try (ModelSession session = ModelSession.open(output, Optional.of(model), SessionSetup.CPU)) {
            return Logits.onePass(session, new long[][] {tokens});
        }
    }

    private static void round(float[] values, int columns, int bits, int block, boolean symmetric) {
        for (int row = 0; row < values.length; row += columns) {
            for (int from = row; from < row + columns; from += block) {
                roundBlock(values, from, Math.min(row + columns, from + block), bits, symmetric);
            }
        }
    }

    private static void roundBlock(float[] values, int from, int to, int bits, boolean symmetric) {
        float least = values[from];
        float greatest = values[from];
        for (int i = from; i < to; i++) {
            least = Math.min(least, values[i]);
            greatest = Math.max(greatest, values[i]);
        }
        int codes = 1 << bits;
        float scale;
        int zero;
        if (symmetric) {
            scale = (Math.abs(greatest) > Math.abs(least) ? greatest : least) / (-codes / 2);
            zero = codes / 2;
        } else {
            scale = (Math.max(greatest, 0) - Math.min(least, 0)) / (codes - 1);
            zero = Math.round(-Math.min(least, 0) / scale);
        }
        for (int i = from; i < to; i++) {
            int code = (int) Math.floor(values[i] * (1 / scale) + (zero + 0.5f));
            values[i] = (Math.min(codes - 1, Math.max(0, code)) - zero) * scale;
        }
    }
}
