package dev.twofold.source.gguf;

import dev.twofold.source.gguf.Vocabulary.Token;
import dev.twofold.source.gguf.Vocabulary.TokenKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The merges that do what SentencePiece does with scores: of all neighbours that make a piece together, it joins those
 * whose piece has the highest score. So every pair of pieces that make a third is a merge, and they are in the order of
 * that piece's score; among pairs that make the same piece, the one with the longer first half comes first.
 */
final class PieceMerges {

    /** Longer pieces are runs of one character at best, which files name as tokens that are found in texts as they are. */
    private static final int MAX_PIECE = 128;

    private PieceMerges() {}

    /**
     * A pair of pieces.
     *
     * @param piece what both make
     * @param cut where its first half ends
     */
    record Merge(String piece, int cut, double score) {

        String left() {
            return piece.substring(0, cut);
        }

        String right() {
            return piece.substring(cut);
        }
    }

    static List<Merge> of(Vocabulary vocabulary) {
        Map<String, Double> scores = new HashMap<>();
        for (int id = 0; id < vocabulary.tokens().size(); id++) {
            Token token = vocabulary.tokens().get(id);
            if (token.kind() == TokenKind.NORMAL && token.text().length() <= MAX_PIECE) {
                scores.put(token.text(), vocabulary.scores().get(id));
            }
        }
        List<Merge> merges = new ArrayList<>();
        scores.forEach((piece, score) -> {
            for (int cut = 1; cut < piece.length(); cut++) {
                boolean whole = !Character.isLowSurrogate(piece.charAt(cut));
                if (whole && scores.containsKey(piece.substring(0, cut)) && scores.containsKey(piece.substring(cut))) {
                    merges.add(new Merge(piece, cut, score));
                }
            }
        });
        merges.sort(Comparator.comparingDouble(Merge::score)
                .thenComparingInt(Merge::cut)
                .reversed()
                .thenComparing(Merge::piece));
        return merges;
    }
}
