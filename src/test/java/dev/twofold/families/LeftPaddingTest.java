package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.ort.ModelSession;
import dev.twofold.testing.Logits;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rows that are filled up before their tokens, where attention counts from where it is: chunks, and biases by distance. */
final class LeftPaddingTest {

    /** Tokens in rows that are filled up to the longest. */
    private static final int[] PROMPTS = {20, 9};

    private static final int STEPS = 8;

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({
        "llama4, ort, any",
        "llama4, onnx, right",
        "bloom, ort, any",
        "bloom, onnx, right",
        "variants/falcon-rw, ort, any",
        "mpt, onnx, any"
    })
    void padding_before_the_tokens_takes_no_part(String name, String dialect, String padding) {
        Reference reference = Reference.of(TinyFamilies.checkpoint(name));
        int[][] tokens = TinyFamilies.golden(name).tokens();
        double[][][] expected = Arrays.stream(tokens)
                .map(row -> reference.logits(row, reference.oneByOne()))
                .toArray(double[][][]::new);
        try (ModelSession session = converted(name, dialect, padding)) {
            int longest = PROMPTS[0];
            long[][] ids = new long[PROMPTS.length][longest];
            long[][] mask = new long[PROMPTS.length][longest];
            for (int row = 0; row < PROMPTS.length; row++) {
                for (int i = 0; i < PROMPTS[row]; i++) {
                    ids[row][longest - PROMPTS[row] + i] = tokens[row][i];
                    mask[row][longest - PROMPTS[row] + i] = 1;
                }
            }
            ModelSession.Output output = session.run(ids, mask, session.emptyCache(PROMPTS.length));
            for (int row = 0; row < PROMPTS.length; row++) {
                assertThat(Logits.distance(output.logits(), (row + 1) * longest - 1, expected[row][PROMPTS[row] - 1]))
                        .as("prompt of row " + row)
                        .isLessThan(1e-4);
            }
            for (int step = 0; step < STEPS; step++) {
                long[][] next = new long[PROMPTS.length][1];
                for (int row = 0; row < PROMPTS.length; row++) {
                    next[row][0] = tokens[row][PROMPTS[row] + step];
                    mask[row] = Arrays.copyOf(mask[row], mask[row].length + 1);
                    mask[row][mask[row].length - 1] = 1;
                }
                output = session.run(next, mask, output.cache());
                for (int row = 0; row < PROMPTS.length; row++) {
                    assertThat(Logits.distance(output.logits(), row, expected[row][PROMPTS[row] + step]))
                            .as("row " + row + ", step " + step)
                            .isLessThan(1e-4);
                }
            }
            output.cache().close();
        }
    }

    private ModelSession converted(String name, String dialect, String padding) {
        Path output = directory.resolve("model");
        CommandRun.succeeding(
                "convert",
                TinyFamilies.checkpoint(name),
                "-o",
                output,
                "--window",
                "0:0",
                "--dialect",
                dialect,
                "--padding",
                padding,
                "--quiet");
        return Logits.open(output);
    }
}
