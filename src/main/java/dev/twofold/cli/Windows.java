package dev.twofold.cli;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.TwofoldException;
import dev.twofold.measure.TextWindows;

/** Cuts a text into windows that a model can read. */
final class Windows {

    /** Tokens in a window, if the model's context is not shorter. */
    static final int LENGTH = 256;

    /** Below this, what is measured says little. */
    static final int FEW_TOKENS = 1000;

    private Windows() {}

    /**
     * Windows over the first {@code tokens} predictions of a text.
     *
     * @param name of the text, for messages
     * @throws TwofoldException of kind INPUT if there is nothing to predict
     */
    static TextWindows cut(String name, int[] ids, Decoder decoder, int tokens, Console console) {
        TextWindows windows = TextWindows.cut(ids, length(decoder), tokens);
        if (windows.tokens() == 0) {
            throw TwofoldException.input("the text is too short")
                    .at(name)
                    .found(ids.length + " tokens")
                    .expected("2 or more");
        }
        if (windows.tokens() < tokens) {
            console.notice("note: " + name + " has only " + windows.tokens() + " tokens to predict, not " + tokens);
        }
        if (windows.tokens() < FEW_TOKENS) {
            console.notice("note: " + windows.tokens() + " tokens of " + name + " say little; give more text");
        }
        return windows;
    }

    /** Tokens in a window of a decoder. */
    static int length(Decoder decoder) {
        return Math.min(LENGTH, decoder.facts().contextLength());
    }
}
