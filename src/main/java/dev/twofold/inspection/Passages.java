package dev.twofold.inspection;

import dev.twofold.measure.TextWindows;
import dev.twofold.measure.TokenizedText;
import dev.twofold.source.Source;
import java.util.Optional;

/**
 * The texts of a choice.
 *
 * @param calibration what is chosen by
 * @param heldOut a second text, which nothing is chosen by
 */
public record Passages(Passage calibration, Optional<Passage> heldOut) {

    private static final int DEFAULT_TOKENS = 4096;

    /** A text to measure on, and what to call it. */
    public record Passage(String name, TextWindows windows) {}

    /**
     * @param planned tokens that a recipe asks for, if nothing else does
     * @param taken tokens at the start of the user's text that something else is fitted to, and nothing is checked on
     */
    public static Passages of(Source source, Texts texts, Optional<Integer> planned, int taken, Host host) {
        int count = texts.tokens().or(() -> planned).orElse(DEFAULT_TOKENS);
        return texts.file().isPresent()
                ? ofUser(source, Texts.read(texts.file().get()), count, taken, host)
                : new Passages(
                        passage(source, Texts.calibration(), count, host),
                        Optional.of(passage(source, Texts.evaluation(), count, host)));
    }

    private static Passage passage(Source source, Texts.Named text, int count, Host host) {
        TokenizedText ids = WindowCut.encode(source, text);
        return new Passage(text.name(), WindowCut.cut(text.name(), ids, source.decoder(), count, host.notices()));
    }

    private static Passages ofUser(Source source, Texts.Named text, int count, int taken, Host host) {
        TokenizedText ids = WindowCut.encode(source, text);
        TextWindows first = WindowCut.cut(text.name(), ids, source.decoder(), count, host.notices());
        TokenizedText rest = ids.from(Math.max(taken, first.tokens()));
        Passage calibration = new Passage(text.name(), first);
        if (rest.tokens().length <= WindowCut.FEW_TOKENS) {
            host.notice("note: too little of the text is left to check the choice on");
            return new Passages(calibration, Optional.empty());
        }
        String name = "what follows in " + text.name();
        TextWindows second =
                WindowCut.cut(name, rest, source.decoder(), Math.min(count, rest.predictions()), host.notices());
        return new Passages(calibration, Optional.of(new Passage(name, second)));
    }
}
