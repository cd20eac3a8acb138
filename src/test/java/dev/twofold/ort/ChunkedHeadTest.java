package dev.twofold.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.decoder.Decoder;
import dev.twofold.execution.HiddenStates;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.measure.Score;
import dev.twofold.testing.TinyLlama;
import dev.twofold.testing.TinyRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ChunkedHeadTest {

    private static final long ROW_BYTES = 4L * TinyLlama.HIDDEN;

    @TempDir
    private Path directory;

    private TinyRun tiny;
    private HiddenStates last;
    private HiddenStates other;

    @BeforeEach
    void run() throws IOException {
        tiny = new TinyRun(TinyLlama.create(), directory);
        last = tiny.streams.before(4);
        other = tiny.streams.before(3);
    }

    @AfterEach
    void close() {
        tiny.close();
    }

    private ChunkedHead head(long rows) {
        return new ChunkedHead(tiny.engine, new PlainLowering(), tiny.decoder, rows * ROW_BYTES);
    }

    /** 128 rows: one chunk of a row each, a last chunk that is smaller, chunks of one size, one chunk. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1, 7, 50, 64, 127})
    void chunks_come_to_the_same_as_the_whole_vocabulary(long rows) {
        try (ChunkedHead chunked = head(rows);
                ChunkedHead whole = head(TinyLlama.VOCABULARY)) {
            Score expected = whole.beside(last, tiny.text).score(other);
            Score actual = chunked.beside(last, tiny.text).score(other);
            assertThat(actual.loss()).isCloseTo(expected.loss(), within(1e-6));
            assertThat(actual.kl()).isCloseTo(expected.kl(), within(1e-6));
            assertThat(actual.accuracy()).isEqualTo(expected.accuracy());
            assertThat(actual.windows()).hasSameSizeAs(expected.windows());
            for (int window = 0; window < 3; window++) {
                assertThat(chunked.logits(other, window)).containsExactly(whole.logits(other, window), within(1e-5f));
            }
        }
    }

    /** With a cap, which makes the logits no products of the stream any more, and without. */
    @ParameterizedTest
    @ValueSource(doubles = {0, 0.05})
    void divergences_and_losses_are_those_of_the_logits(double cap) {
        Decoder decoder = cap == 0 ? tiny.decoder : capped(cap);
        try (ChunkedHead head = new ChunkedHead(tiny.engine, new PlainLowering(), decoder, 50 * ROW_BYTES)) {
            Score score = head.beside(last, tiny.text).score(other);
            for (int window = 0; window < 3; window++) {
                Score.Window actual = score.windows().get(window);
                Score.Window expected = defined(
                        head.logits(last, window),
                        head.logits(other, window),
                        tiny.text.targets().get(window));
                assertThat(actual.loss()).isCloseTo(expected.loss(), within(1e-4));
                assertThat(actual.kl()).isCloseTo(expected.kl(), within(1e-4)).isPositive();
                assertThat(actual.right()).isEqualTo(expected.right());
            }
        }
    }

    private Decoder capped(double cap) {
        return new Decoder(
                tiny.decoder.facts(),
                tiny.decoder.embedding(),
                tiny.decoder.steps(),
                tiny.decoder.finalNorm(),
                tiny.decoder.head(),
                Optional.of(cap),
                tiny.decoder.precision());
    }

    private static Score.Window defined(float[] base, float[] model, int[] next) {
        double loss = 0;
        double kl = 0;
        int right = 0;
        for (int token = 0; token < next.length; token++) {
            double[] b = logarithms(base, token);
            double[] m = logarithms(model, token);
            loss -= m[next[token]];
            kl += IntStream.range(0, b.length)
                    .mapToDouble(row -> Math.exp(b[row]) * (b[row] - m[row]))
                    .sum();
            right += Arrays.stream(m).max().orElseThrow() == m[next[token]] ? 1 : 0;
        }
        return new Score.Window(next.length, loss, kl, right);
    }

    /** Of the probabilities of one token. */
    private static double[] logarithms(float[] logits, int token) {
        int from = token * TinyLlama.VOCABULARY;
        double sum = IntStream.range(0, TinyLlama.VOCABULARY)
                .mapToDouble(row -> Math.exp(logits[from + row]))
                .sum();
        return IntStream.range(0, TinyLlama.VOCABULARY)
                .mapToDouble(row -> logits[from + row] - Math.log(sum))
                .toArray();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 50, 128})
    void identical_streams_do_not_diverge_at_all(long rows) {
        try (ChunkedHead head = head(rows)) {
            Score same = head.beside(other, tiny.text).score(other);
            assertThat(same.kl()).isZero();
            assertThat(same.loss())
                    .isEqualTo(head.beside(last, tiny.text).score(other).loss());
        }
    }
}
