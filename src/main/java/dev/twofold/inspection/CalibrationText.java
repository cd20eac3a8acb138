package dev.twofold.inspection;

import dev.twofold.diag.TwofoldException;
import dev.twofold.measure.TextWindows;
import dev.twofold.source.Source;
import java.util.ArrayList;
import java.util.List;

/**
 * What weights are fitted to. Of every text, one window of eight is held out, so that fits are checked on tokens of every kind
 * they were made from.
 *
 * @param windows of one length: those that are fitted to, and after them the held-out ones
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
        List<TextWindows> fitted = new ArrayList<>();
        List<TextWindows> heldOut = new ArrayList<>();
        for (TextWindows text : mix.spaced(tokens)) {
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
            throw TwofoldException.input("too few tokens to compensate with")
                    .at(mix.name())
                    .found(Math.min(tokens, mix.predictions()) + " of " + mix.predictions())
                    .expected("at least " + 2 * mix.length())
                    .hint("give a longer text, or raise --calibration-tokens");
        }
        if (mix.predictions() < tokens) {
            host.notice("note: " + mix.name() + " has only " + mix.predictions() + " tokens to fit to, not " + tokens);
        }
        int held = heldOut.size();
        fitted.addAll(heldOut);
        return new CalibrationText(TextWindows.joined(fitted), held);
    }

    /** A smaller text of the same kinds: windows from all over it. */
    CalibrationText spaced(int tokens) {
        double share = Math.min(1, (double) tokens / tokens());
        int count = windows.inputs().size() - heldOut;
        TextWindows checks = spaced(count, count + heldOut, share);
        return new CalibrationText(
                TextWindows.joined(List.of(spaced(0, count, share), checks)),
                checks.inputs().size());
    }

    private TextWindows spaced(int from, int to, double share) {
        int count = Math.max(1, (int) Math.round(share * (to - from)));
        return windows.part(from, to).spaced(count);
    }

    /** The windows that nothing is fitted to. */
    TextWindows check() {
        int all = windows.inputs().size();
        return windows.part(all - heldOut, all);
    }

    /** Tokens of all windows. */
    public int tokens() {
        return windows.tokens();
    }

    /** Tokens that nothing is fitted to. */
    public int heldOutTokens() {
        return heldOut * windows.inputs().get(0).length;
    }
}
