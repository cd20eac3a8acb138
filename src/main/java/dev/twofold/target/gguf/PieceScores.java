package dev.twofold.target.gguf;

import dev.twofold.target.gguf.TokenizerModel.Merge;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Scores with which SentencePiece makes of a text what a list of merges does: it always joins those neighbours whose piece
 * has the highest score. So pieces have scores in the order in which merges make them, if the merges of each come one after
 * the other and none is left out.
 *
 * @param scores by id
 */
record PieceScores(List<Float> scores) {

    private static final float NOTHING = 0;

    static Optional<PieceScores> of(TokenList tokens, List<Merge> merges) {
        Map<String, Integer> order = new HashMap<>();
        Set<Merge> known = new HashSet<>(merges);
        String last = "";
        for (Merge merge : merges) {
            String piece = merge.left() + merge.right();
            if (!piece.equals(last) && order.putIfAbsent(piece, order.size()) != null) {
                return Optional.empty();
            }
            last = piece;
        }
        boolean complete = order.keySet().stream().allMatch(piece -> isComplete(piece, order, tokens, known));
        if (!complete) {
            return Optional.empty();
        }
        List<Float> scores = new ArrayList<>();
        for (String text : tokens.texts()) {
            Integer place = order.get(text);
            scores.add(place == null ? NOTHING : -1f - place);
        }
        return Optional.of(new PieceScores(scores));
    }

    /** Whether every pair of pieces that make this one is a merge. */
    private static boolean isComplete(String piece, Map<String, Integer> order, TokenList tokens, Set<Merge> known) {
        for (int cut = 1; cut < piece.length(); cut++) {
            Merge merge = new Merge(piece.substring(0, cut), piece.substring(cut));
            boolean possible = isPiece(merge.left(), order, tokens) && isPiece(merge.right(), order, tokens);
            if (possible && !known.contains(merge)) {
                return false;
            }
        }
        return true;
    }

    /** Whether merging can come to a text: it is made by a merge, or one character that is a token. */
    private static boolean isPiece(String text, Map<String, Integer> order, TokenList tokens) {
        return order.containsKey(text)
                || text.codePointCount(0, text.length()) == 1 && tokens.id(text).isPresent();
    }

    /** A score for every row of the embedding. */
    List<Float> padded(int rows) {
        List<Float> padded = new ArrayList<>(scores);
        while (padded.size() < rows) {
            padded.add(NOTHING);
        }
        return padded;
    }
}
