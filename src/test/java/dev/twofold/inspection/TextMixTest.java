package dev.twofold.inspection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.measure.TextWindows;
import dev.twofold.measure.TokenizedText;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Which tokens of texts are fitted to, and which stay unseen. */
final class TextMixTest {

    /** A text of 1,601 tokens, each the number of its place: 1,600 can be predicted, 160 windows of ten. */
    private static final TokenizedText LONG =
            new TokenizedText(IntStream.rangeClosed(0, 1600).toArray(), Optional.empty());

    private static final TokenizedText SHORT =
            new TokenizedText(IntStream.rangeClosed(0, 45).toArray(), Optional.empty());

    @Test
    void windows_are_from_all_over_a_text_but_its_last_eighth() {
        assertThat(starts(mix(LONG).spaced(70).get(0))).containsExactly(0, 200, 400, 600, 800, 1000, 1200);
        assertThat(mix(LONG).unseen(0, 70).texts().get(0).tokens()[0]).isEqualTo(1400);
    }

    @Test
    void a_text_that_is_asked_for_whole_is_taken_whole() {
        assertThat(starts(mix(LONG).spaced(1600).get(0))).hasSize(160).endsWith(1590);
        assertThat(mix(LONG).unseen(0, 1600).predictions()).isZero();
    }

    @Test
    void texts_give_equal_shares_as_far_as_they_reach() {
        List<TextWindows> windows = mix(LONG, SHORT).spaced(200);
        assertThat(starts(windows.get(0))).hasSize(16);
        assertThat(starts(windows.get(1))).containsExactly(0, 10, 20, 30);
    }

    @Test
    void a_text_without_a_whole_window_gives_none() {
        TokenizedText shorter = SHORT.from(40);
        assertThat(mix(shorter, LONG).spaced(100)).hasSize(1);
    }

    @Test
    void where_nothing_is_fitted_only_what_was_cut_is_seen() {
        TextMix unseen = mix(LONG).unseen(40, 0);
        assertThat(unseen.texts().get(0).tokens()[0]).isEqualTo(40);
    }

    private static TextMix mix(TokenizedText... texts) {
        List<TokenizedText> all = List.of(texts);
        return new TextMix(all.stream().map(text -> new Texts.Named("text", "")).toList(), all, 10);
    }

    private static List<Integer> starts(TextWindows windows) {
        return windows.inputs().stream().map(window -> window[0]).toList();
    }
}
