package dev.twofold.checkpoint;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Rotary;
import dev.twofold.diag.PlainName;
import dev.twofold.diag.TwofoldException;
import dev.twofold.family.RotaryStyle;
import java.util.Map;
import java.util.Optional;

/**
 * Which of LongRoPE's two lists of factors positions turn by. transformers takes the long one for all positions of a text once
 * that is longer than the original context, and begins its caches anew there; a graph has one of them.
 */
public enum RopeRange {
    /** Texts up to the original context. */
    SHORT,
    /** Texts beyond it, up to the whole context. */
    LONG;

    /** What it is called on the command line and in a manifest. */
    public static final String OPTION = "rope-range";

    /** A configuration with the context before that its class has where the file says nothing. */
    public static ConfigFile filled(ConfigFile config, RotaryStyle style) {
        return style.original() == 0 ? config : config.withSizes(Map.of(RotaryScaling.ORIGINAL, style.original()));
    }

    /**
     * What users should know of a decoder that was read.
     *
     * @param style of its positions
     * @throws TwofoldException of kind USAGE if the long range is asked for and there is none
     */
    public Optional<String> note(ConfigFile config, RotaryStyle style, Decoder decoder) {
        boolean ranges =
                decoder.rotaries().stream().map(Rotary::scaling).anyMatch(Rotary.LongRopeScaling.class::isInstance);
        int context = decoder.facts().contextLength();
        int original = RotaryScaling.original(config).orElse(context);
        if (this == LONG && !(ranges && original < context)) {
            throw TwofoldException.usage("the model has no long range of positions")
                    .found("--rope-range long")
                    .expected("a model with LongRoPE, such as Phi 3 of 128k")
                    .hint("leave it out");
        }
        return this == LONG && !style.longThroughout()
                ? Optional.of("note: every position turns by LongRoPE's factors for texts of more than " + original
                        + " tokens; transformers turns shorter texts by others, so this model is for longer ones")
                : Optional.empty();
    }

    @Override
    public String toString() {
        return PlainName.of(this);
    }
}
