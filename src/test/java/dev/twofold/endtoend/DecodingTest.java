package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.twofold.cli.CommandRun;
import dev.twofold.diag.TwofoldException;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.ort.KvCache;
import dev.twofold.ort.ModelSession;
import dev.twofold.testing.Goldens;
import dev.twofold.testing.Logits;
import dev.twofold.testing.Novels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

    /** Rows of a batch, padded before their tokens. */
    private static final int[] PROMPTS = {9, 5, 12};

    private static final int LONGEST = 12;

    @ParameterizedTest
    @CsvSource({"ort, per-layer, any", "ort, wide, any", "onnx, per-layer, right", "onnx, wide, any"})
    void rows_padded_on_the_left_give_the_logits_of_each_row_alone(String dialect, String layout, String padding) {
        try (ModelSession session = convert("--dialect", dialect, "--kv-layout", layout, "--padding", padding)) {
            long[][] mask = new long[PROMPTS.length][];
            ModelSession.Output output = prefillPaddedOnTheLeft(session, mask);
            for (int r = 0; r < PROMPTS.length; r++) {
                for (int i = 0; i < PROMPTS[r]; i++) {
                    float[] actual = row(output.logits(), r * LONGEST + LONGEST - PROMPTS[r] + i);
                    assertThat(Logits.distance(actual, alone(session, r, i + 1)))
                            .as("token " + i + " of row " + r)
                            .isLessThan(1e-4);
                }
            }
            for (int step = 0; step < 6; step++) {
                long[][] next = new long[PROMPTS.length][1];
                for (int r = 0; r < PROMPTS.length; r++) {
                    next[r][0] = TEXT[r + PROMPTS[r] + step];
                    mask[r] = Arrays.copyOf(mask[r], mask[r].length + 1);
                    mask[r][mask[r].length - 1] = 1;
                }
                output = session.run(next, mask, output.cache());
                for (int r = 0; r < PROMPTS.length; r++) {
                    assertThat(Logits.distance(row(output.logits(), r), alone(session, r, PROMPTS[r] + step + 1)))
                            .as("row " + r + ", step " + step)
                            .isLessThan(1e-4);
                }
            }
            output.cache().close();
        }
    }

    private static ModelSession.Output prefillPaddedOnTheLeft(ModelSession session, long[][] mask) {
        long[][] ids = new long[PROMPTS.length][LONGEST];
        for (int r = 0; r < PROMPTS.length; r++) {
            int padding = LONGEST - PROMPTS[r];
            System.arraycopy(TEXT, r, ids[r], padding, PROMPTS[r]);
            mask[r] = new long[LONGEST];
            Arrays.fill(mask[r], padding, LONGEST, 1);
        }
        return session.run(ids, mask, session.emptyCache(PROMPTS.length));
    }

    @Test
    void group_query_attention_refuses_rows_padded_on_the_left() {
        try (ModelSession session = convert("--dialect", "ort")) {
            assertThatThrownBy(() -> prefillPaddedOnTheLeft(session, new long[PROMPTS.length][]))
                    .isInstanceOf(TwofoldException.class)
                    .hasMessageContaining("seqlens_k[0] = -1 is out of range");
        }
    }

    /** GroupQueryAttention would put the new token behind those before; operators that join caches cannot. */
    @Test
    void standard_operators_refuse_a_mask_that_leaves_the_new_token_out() {
        try (ModelSession session = convert("--dialect", "onnx")) {
            long[][] ids = {{TEXT[0], TEXT[1], TEXT[2], 0}};
            KvCache cache = session.run(ids, new long[][] {{1, 1, 1, 0}}, session.emptyCache(1))
                    .cache();
            assertThatThrownBy(() -> session.run(new long[][] {{TEXT[3]}}, new long[][] {{1, 1, 1, 1, 0}}, cache))
                    .isInstanceOf(TwofoldException.class)
                    .hasMessageContaining("delta in Range operator can not be zero");
        }
    }

    @ParameterizedTest
    @CsvSource({"ort, right", "ort, any", "onnx, right"})
    void logits_of_the_last_tokens_are_those_of_all(String dialect, String padding) {
        int[] prompts = PROMPTS;
        try (ModelSession session = convert("--dialect", dialect, "--padding", padding, "--logits", "last");
                ModelSession all = Logits.open(convertTo("all", "--dialect", dialect))) {
            long[][] ids = new long[prompts.length][LONGEST];
            long[][] mask = new long[prompts.length][LONGEST];
            for (int r = 0; r < prompts.length; r++) {
                System.arraycopy(TEXT, r, ids[r], 0, prompts[r]);
                Arrays.fill(mask[r], 0, prompts[r], 1);
            }
            ModelSession.Output output = session.run(ids, mask, session.emptyCache(prompts.length));
            assertThat(output.logits()).hasSize(prompts.length * VOCABULARY);
            for (int r = 0; r < prompts.length; r++) {
                assertThat(Logits.distance(row(output.logits(), r), alone(all, r, prompts[r])))
                        .isLessThan(1e-4);
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
        return convert("--dialect", dialect, "--kv-layout", layout);
    }

    private ModelSession convert(Object... options) {
        return Logits.open(convertTo("model", options));
    }

    private Path convertTo(String name, Object... options) {
        Path output = directory.resolve(name);
        List<Object> arguments =
                new ArrayList<>(List.of("convert", Novels.CHECKPOINT, "-o", output, "--quiet", "--window", "2:14"));
        arguments.addAll(List.of(options));
        CommandRun.succeeding(arguments.toArray());
        return output;
    }
}
