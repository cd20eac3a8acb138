package dev.twofold.inspection;

import dev.twofold.measure.TextWindows;
import dev.twofold.source.Source;
import java.util.List;
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
     * @param taken tokens of the user's text that something else is fitted to, and nothing is checked on
     */
    public static Passages of(Source source, Texts texts, Optional<Integer> planned, int taken, Host host) {
        int count = texts.tokens().or(() -> planned).orElse(DEFAULT_TOKENS);
        TextMix calibration = TextMix.of(source, texts.calibrating());
        TextWindows measured = calibration.cut(count);
        WindowCut.announce(calibration.name(), measured, count, host.notices());
        TextMix heldOut = texts.files().isEmpty()
                ? TextMix.of(source, List.of(Texts.evaluation()))
                : calibration.unseen(measured.tokens(), taken);
        String name = texts.files().isEmpty() ? heldOut.name() : "what follows in " + heldOut.name();
        Passage passage = new Passage(calibration.name(), measured);
        if (heldOut.predictions() < WindowCut.FEW_TOKENS) {
            host.notice("note: too little of the text is left to check the choice on");
            return new Passages(passage, Optional.empty());
        }
        return new Passages(passage, Optional.of(new Passage(name, heldOut.cut(count))));
    }
}
