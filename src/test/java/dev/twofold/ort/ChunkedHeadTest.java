package dev.twofold.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.execution.HiddenStates;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.measure.Score;
import dev.twofold.testing.TinyLlama;
import dev.twofold.testing.TinyRun;
import java.io.IOException;
import java.nio.file.Path;
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
            Score expected = whole.score(last, other, tiny.text);
            Score actual = chunked.score(last, other, tiny.text);
            assertThat(actual.loss()).isCloseTo(expected.loss(), within(1e-6));
            assertThat(actual.kl()).isCloseTo(expected.kl(), within(1e-6));
            assertThat(actual.accuracy()).isEqualTo(expected.accuracy());
            assertThat(actual.windows()).hasSameSizeAs(expected.windows());
            for (int window = 0; window < 3; window++) {
                assertThat(chunked.logits(other, window)).containsExactly(whole.logits(other, window), within(1e-5f));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 50, 128})
    void identical_streams_do_not_diverge_at_all(long rows) {
        try (ChunkedHead head = head(rows)) {
            Score same = head.score(other, other, tiny.text);
            assertThat(same.kl()).isZero();
            assertThat(same.loss()).isEqualTo(head.score(last, other, tiny.text).loss());
        }
    }
}
