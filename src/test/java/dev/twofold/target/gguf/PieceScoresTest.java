package dev.twofold.target.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.target.gguf.TokenizerModel.Merge;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PieceScoresTest {

    private static final List<Merge> MERGES = List.of(
            new Merge("b", "c"),
            new Merge("a", "bc"),
            new Merge("ab", "c"),
            new Merge("a", "b"),
            new Merge("abc", "d"));

    private static TokenList tokens(String... texts) {
        ObjectNode document = new ObjectMapper().createObjectNode();
        ObjectNode vocabulary = document.putObject("model").putObject("vocab");
        for (int id = 0; id < texts.length; id++) {
            vocabulary.put(texts[id], id);
        }
        return TokenList.of(document);
    }

    private static final TokenList TOKENS = tokens("a", "b", "c", "d", "abc", "bc", "ab", "abcd", "<unk>");

    @Test
    void pieces_that_are_made_first_score_highest() {
        assertThat(PieceScores.of(TOKENS, MERGES).orElseThrow().padded(10))
                .containsExactly(0f, 0f, 0f, 0f, -2f, -1f, -3f, -4f, 0f, 0f);
    }

    @Test
    void merges_of_one_piece_at_several_places_have_no_scores() {
        List<Merge> apart = new ArrayList<>(MERGES);
        apart.add(apart.remove(1));
        assertThat(PieceScores.of(TOKENS, apart)).isEmpty();
    }

    @Test
    void a_pair_of_pieces_that_is_never_joined_has_no_scores() {
        List<Merge> fewer = new ArrayList<>(MERGES);
        fewer.remove(2);
        assertThat(PieceScores.of(TOKENS, fewer)).isEmpty();
    }
}
