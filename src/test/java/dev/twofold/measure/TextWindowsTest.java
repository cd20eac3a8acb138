package dev.twofold.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TextWindowsTest {

    private static TokenizedText ids(int count) {
        return new TokenizedText(IntStream.range(0, count).toArray(), Optional.empty());
    }

    @Test
    void the_target_of_a_token_is_the_one_that_follows_also_in_the_next_window() {
        TextWindows text = TextWindows.cut(ids(100), 4, 10);
        assertThat(text.inputs()).containsExactly(new int[] {0, 1, 2, 3}, new int[] {4, 5, 6, 7}, new int[] {8, 9});
        assertThat(text.targets()).containsExactly(new int[] {1, 2, 3, 4}, new int[] {5, 6, 7, 8}, new int[] {9, 10});
    }

    @ParameterizedTest
    @CsvSource({"9, 4, 100, 8", "9, 4, 8, 8", "9, 4, 3, 3", "2, 4, 100, 1", "1, 4, 100, 0", "0, 4, 100, 0"})
    void the_last_token_has_nothing_to_predict(int tokens, int length, int limit, int predictions) {
        assertThat(TextWindows.cut(ids(tokens), length, limit).tokens()).isEqualTo(predictions);
    }

    @Test
    void a_limit_without_end_takes_the_whole_text() {
        assertThat(TextWindows.cut(ids(9), 4, Integer.MAX_VALUE).tokens()).isEqualTo(8);
    }

    @Test
    void a_begin_token_is_before_every_window_and_every_token_of_the_text_is_predicted_once() {
        TokenizedText tokens = new TokenizedText(new int[] {10, 11, 12, 13, 14, 15, 16}, Optional.of(1));
        TextWindows text = TextWindows.cut(tokens, 3, 100);
        assertThat(text.inputs()).containsExactly(new int[] {1, 10, 11}, new int[] {1, 13, 14}, new int[] {1});
        assertThat(text.targets()).containsExactly(new int[] {10, 11, 12}, new int[] {13, 14, 15}, new int[] {16});
        assertThat(text.convention()).isEqualTo("windows of 3, each after the begin token 1");
        assertThat(TextWindows.cut(tokens.from(6), 3, 100).tokens()).isEqualTo(1);
    }
}
