package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.ort.KvCache;
import dev.twofold.ort.ModelSession;
import dev.twofold.testing.Goldens;
import dev.twofold.testing.Logits;
import dev.twofold.testing.Novels;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Running tokens one by one on the KV cache against running them all at once. */
final class DecodingTest {

    private static final int VOCABULARY = 4096;
    private static final long[] TEXT = Goldens.load().tokens()[0];

    @TempDir
    private Path directory;

    @ParameterizedTest
    @MethodSource("dev.twofold.testing.Ways#all")
    void token_by_token_gives_the_logits_of_one_pass(DialectName dialect, KvLayout layout) {
        try (ModelSession session = convert(dialect, layout)) {
            float[] expected = Logits.onePass(session, new long[][] {TEXT});
            KvCache cache = session.emptyCache(1);
            for (int i = 0; i < TEXT.length; i++) {
                ModelSession.Output output = session.run(new long[][] {{TEXT[i]}}, Logits.ones(1, i + 1), cache);
                cache = output.cache();
                assertThat(Logits.distance(output.logits(), row(expected, i)))
                        .as("token " + i)
                        .isLessThan(1e-4);
            }
            cache.close();
        }
    }

    @ParameterizedTest
    @MethodSource("dev.twofold.testing.Ways#all")
    void rows_padded_on_the_right_give_the_logits_of_each_row_alone(DialectName dialect, KvLayout layout) {
        int[] prompts = {9, 5, 12};
        int longest = 12;
        int decoded = 6;
        try (ModelSession session = convert(dialect, layout)) {
            long[][] ids = new long[prompts.length][longest];
            long[][] mask = new long[prompts.length][longest];
            for (int r = 0; r < prompts.length; r++) {
                System.arraycopy(TEXT, r, ids[r], 0, prompts[r]);
                Arrays.fill(mask[r], 0, prompts[r], 1);
            }
            ModelSession.Output output = session.run(ids, mask, session.emptyCache(prompts.length));
            for (int r = 0; r < prompts.length; r++) {
                float[] expected = alone(session, r, prompts[r]);
                float[] actual = row(output.logits(), r * longest + prompts[r] - 1);
                assertThat(Logits.distance(actual, expected))
                        .as("prompt of row " + r)
                        .isLessThan(1e-4);
            }
            for (int step = 0; step < decoded; step++) {
                long[][] next = new long[prompts.length][1];
                for (int r = 0; r < prompts.length; r++) {
                    next[r][0] = TEXT[r + prompts[r] + step];
                    mask[r] = Arrays.copyOf(mask[r], mask[r].length + 1);
                    mask[r][mask[r].length - 1] = 1;
                }
                output = session.run(next, mask, output.cache());
                for (int r = 0; r < prompts.length; r++) {
                    float[] expected = alone(session, r, prompts[r] + step + 1);
                    assertThat(Logits.distance(row(output.logits(), r), expected))
                            .as("row " + r + ", step " + step)
                            .isLessThan(1e-4);
                }
            }
            output.cache().close();
        }
    }

    @ParameterizedTest
    @MethodSource("dev.twofold.testing.Ways#all")
    void a_prompt_in_chunks_gives_the_logits_of_one_pass(DialectName dialect, KvLayout layout) {
        try (ModelSession session = convert(dialect, layout)) {
            float[] expected = Logits.onePass(session, new long[][] {TEXT});
            long[][] first = {Arrays.copyOf(TEXT, 20)};
            long[][] rest = {Arrays.copyOfRange(TEXT, 20, TEXT.length)};
            KvCache cache = session.run(first, Logits.ones(1, 20), session.emptyCache(1))
                    .cache();
            ModelSession.Output output = session.run(rest, Logits.ones(1, TEXT.length), cache);
            output.cache().close();
            assertThat(Logits.distance(output.logits(), Arrays.copyOfRange(expected, 20 * VOCABULARY, expected.length)))
                    .isLessThan(1e-4);
        }
    }

    /** The logits of the last of {@code length} tokens from {@code from} on, in a batch of their own. */
    private static float[] alone(ModelSession session, int from, int length) {
        long[][] tokens = {Arrays.copyOfRange(TEXT, from, from + length)};
        return row(Logits.onePass(session, tokens), length - 1);
    }

    private static float[] row(float[] logits, int row) {
        return Arrays.copyOfRange(logits, row * VOCABULARY, (row + 1) * VOCABULARY);
    }

    private ModelSession convert(DialectName dialect, KvLayout layout) {
        Path output = directory.resolve("model");
        CommandRun.succeeding(
                "convert",
                Novels.CHECKPOINT,
                "-o",
                output,
                "--quiet",
                "--window",
                "2:14",
                "--dialect",
                dialect,
                "--kv-layout",
                layout);
        return Logits.open(output);
    }
}
