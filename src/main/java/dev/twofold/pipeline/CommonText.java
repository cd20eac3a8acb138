package dev.twofold.pipeline;

import dev.twofold.diag.TwofoldException;
import dev.twofold.inspection.Texts;
import dev.twofold.inspection.WindowCut;
import dev.twofold.measure.TextWindows;
import dev.twofold.measure.TokenHash;
import dev.twofold.source.Source;
import java.util.function.Consumer;

/**
 * A text that two models are measured on.
 *
 * @param tokens of it, at most
 */
record CommonText(Texts.Named text, int tokens, Consumer<String> notices) {

    /** @throws TwofoldException of kind INPUT if the original reads it as other tokens than the model does */
    TextWindows windows(Source model, Source original) {
        TextWindows windows = windows(model);
        if (original != model) {
            requireSameTokens(model, original, windows);
        }
        return windows;
    }

    private TextWindows windows(Source model) {
        return WindowCut.cut(text.name(), WindowCut.encode(model, text), model.decoder(), tokens, notices);
    }

    private void requireSameTokens(Source model, Source original, TextWindows windows) {
        int own = model.decoder().facts().vocabularySize();
        int others = original.decoder().facts().vocabularySize();
        if (own != others || !TokenHash.of(windows).equals(TokenHash.of(windows(original)))) {
            throw TwofoldException.input(
                            "the original reads the text as other tokens, so that losses cannot be compared")
                    .found("vocabularies of " + own + " and " + others)
                    .expected("one tokenizer, one convention of the begin token, windows of one length")
                    .hint("give --original the checkpoint that training began with");
        }
    }
}
