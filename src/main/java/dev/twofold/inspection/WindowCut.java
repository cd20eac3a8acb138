package dev.twofold.inspection;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.TwofoldException;
import dev.twofold.measure.TextWindows;
import dev.twofold.measure.TokenizedText;
import dev.twofold.source.Source;
import dev.twofold.tokenizer.TokenizerFile;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Cuts a text into windows that a model can read. */
public final class WindowCut {

    /** Tokens in a window, if the model's context is not shorter. */
    private static final int LENGTH = 512;

    /** Below this, what is measured says little. */
    static final int FEW_TOKENS = 1000;

    private WindowCut() {}

    /** The tokens of a text, as a source's tokenizer makes them. */
    public static TokenizedText encode(Source source, Texts.Named text) {
        return encode(source, List.of(text)).get(0);
    }

    /** The tokens of each of several texts, all made by one process. */
    static List<TokenizedText> encode(Source source, List<Texts.Named> texts) {
        int vocabulary = source.decoder().facts().vocabularySize();
        try (TokenizerFile tokenizer = source.tokenizer()) {
            // What is in no text is what the tokenizer adds to one.
            int[] added = tokenizer.encode("", vocabulary);
            return texts.stream()
                    .map(text -> withoutAdded(tokenizer.encode(text.words(), vocabulary), added))
                    .toList();
        }
    }

    private static TokenizedText withoutAdded(int[] ids, int[] added) {
        boolean begins = added.length > 0 && ids.length > 0 && ids[0] == added[0];
        return begins
                ? new TokenizedText(Arrays.copyOfRange(ids, 1, ids.length), Optional.of(added[0]))
                : new TokenizedText(ids, Optional.empty());
    }

    /**
     * Windows over the first {@code tokens} predictions of a text.
     *
     * @param name of the text, for messages
     * @throws TwofoldException of kind INPUT if there is nothing to predict
     */
    public static TextWindows cut(
            String name, TokenizedText ids, Decoder decoder, int tokens, Consumer<String> notices) {
        TextWindows windows = TextWindows.cut(ids, length(decoder), tokens);
        if (windows.tokens() == 0) {
            throw TwofoldException.input("the text is too short")
                    .at(name)
                    .found(ids.whole().length + " tokens")
                    .expected("2 or more");
        }
        announce(name, windows, tokens, notices);
        return windows;
    }

    /** Says how little it is, if it is little. */
    static void announce(String name, TextWindows windows, int tokens, Consumer<String> notices) {
        if (windows.tokens() < tokens) {
            notices.accept("note: " + name + " has only " + windows.tokens() + " tokens to predict, not " + tokens);
        }
        if (windows.tokens() < FEW_TOKENS) {
            notices.accept("note: " + windows.tokens() + " tokens of " + name + " say little; give more text");
        }
    }

    /** Tokens in a window of a decoder. */
    public static int length(Decoder decoder) {
        return Math.min(LENGTH, decoder.facts().contextLength());
    }
}
