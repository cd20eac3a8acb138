package dev.twofold.inspection;

import dev.twofold.diag.TwofoldException;
import dev.twofold.measure.TextWindows;
import dev.twofold.source.Source;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What weights are fitted to. Of every text, one window of eight is held out, so that ridges are chosen on tokens of every kind
 * that weights are fitted to.
 *
 * @param windows of one length: those that ridges are tried on, and after them the held-out ones
 * @param heldOut how many are held out
 */
public record CalibrationText(TextWindows windows, int heldOut) {

    /** One window of so many is held out. */
    private static final int HELD_OUT = 8;

    /**
     * Whole windows from all over the texts.
     *
     * @throws TwofoldException of kind INPUT if there are less than two
     */
    public static CalibrationText of(Source source, List<Texts.Named> texts, int tokens, Host host) {
        TextMix mix = TextMix.of(source, texts);
        CalibrationText split = split(mix.spaced(tokens))
                .orElseThrow(() -> TwofoldException.input("too few tokens to compensate with")
                        .at(mix.name())
                        .found(Math.min(tokens, mix.predictions()) + " of " + mix.predictions())
                        .expected("at least " + 2 * mix.length())
                        .hint("give a longer text, or raise --calibration-tokens"));
        if (mix.predictions() < tokens) {
            host.notice("note: " + mix.name() + " has only " + mix.predictions() + " tokens to fit to, not " + tokens);
        }
        return split;
    }

    /** Holds windows of each text out; empty if there are less than two windows. */
    private static Optional<CalibrationText> split(List<TextWindows> texts) {
        List<TextWindows> fitted = new ArrayList<>();
        List<TextWindows> heldOut = new ArrayList<>();
        for (TextWindows text : texts) {
            for (int window = 0; window < text.inputs().size(); window++) {
                boolean last =
                        window % HELD_OUT == Math.min(HELD_OUT, text.inputs().size()) - 1 && window > 0;
                (last ? heldOut : fitted).add(text.part(window, window + 1));
            }
        }
        if (heldOut.isEmpty() && fitted.size() > 1) {
            heldOut.add(fitted.remove(fitted.size() - 1));
        }
        if (heldOut.isEmpty()) {
            return Optional.empty();
        }
        int held = heldOut.size();
        fitted.addAll(heldOut);
        return Optional.of(new CalibrationText(TextWindows.joined(fitted), held));
    }

    /**
     * A smaller text of the same kinds: windows from all over it, none of which is in {@link #check()}.
     *
     * @throws TwofoldException of kind INPUT if there are less than two besides those
     */
    CalibrationText spaced(int tokens) {
        TextWindows others = windows.part(0, windows.inputs().size() - heldOut);
        int count = Math.max(2, (int) Math.round((double) tokens / windows.length()));
        return split(List.of(others.spaced(count)))
                .orElseThrow(
                        () -> TwofoldException.input("too few tokens to try a refit on, and to measure it on others")
                                .found(windows.inputs().size() + " windows")
                                .expected("3 or more, of " + windows.length() + " tokens")
                                .hint("give a longer text, or raise --calibration-tokens"));
    }

    /** The windows that no ridge is tried on. */
    TextWindows check() {
        int all = windows.inputs().size();
        return windows.part(all - heldOut, all);
    }

    /** Tokens of all windows. */
    public int tokens() {
        return windows.tokens();
    }

    /** Tokens that no ridge is tried on. */
    public int heldOutTokens() {
        return heldOut * windows.inputs().get(0).length;
    }
}
