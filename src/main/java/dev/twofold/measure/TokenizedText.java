package dev.twofold.measure;

import java.util.Arrays;
import java.util.Optional;

/**
 * The tokens of a text.
 *
 * @param begin the token that its tokenizer puts before a text, if it does; it is not among the tokens
 */
public record TokenizedText(int[] tokens, Optional<Integer> begin) {

    /** What follows the first tokens. */
    public TokenizedText from(int count) {
        return new TokenizedText(Arrays.copyOfRange(tokens, Math.min(tokens.length, count), tokens.length), begin);
    }

    /** The token that the text begins with, if there is one, and then its own. */
    public int[] whole() {
        return begin.map(first -> after(first, tokens)).orElse(tokens);
    }

    /** How many tokens of it can be predicted: all but one that nothing comes before. */
    public int predictions() {
        return begin.isPresent() ? tokens.length : Math.max(0, tokens.length - 1);
    }

    private static int[] after(int first, int[] tokens) {
        int[] all = new int[tokens.length + 1];
        all[0] = first;
        System.arraycopy(tokens, 0, all, 1, tokens.length);
        return all;
    }
}
