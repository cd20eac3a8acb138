package dev.twofold.checkpoint;

import dev.twofold.family.SparseStyle;
import java.util.Optional;
import java.util.Set;

/**
 * Attention to chosen parts of longer texts, as InfLLM V2 (arXiv 2509.24663) has it. It is not computed, so the context ends where it
 * would begin, unless users say that texts are to be seen whole.
 */
public final class SparseAttention {

    private SparseAttention() {}

    /** Positions that all of a text is seen for, at most {@code context}. */
    static int context(Settings settings, SparseStyle style, int context) {
        if (!style.isPresent()
                || !settings.config().says(style.key())
                || settings.unknown().ignores(style.key())) {
            return context;
        }
        return longest(settings.config(), style)
                .map(longest -> Math.min(longest, context))
                .orElse(context);
    }

    /**
     * What users should know of a decoder that was read.
     *
     * @param ignored keys that users say do not matter
     * @param context of the decoder
     */
    public static Optional<String> note(ConfigFile config, SparseStyle style, Set<String> ignored, int context) {
        return style.isPresent() && !ignored.contains(style.key())
                ? longest(config, style)
                        .filter(longest -> longest == context)
                        .map(longest ->
                                "note: the context ends at " + longest + " positions, since the checkpoint's attention"
                                        + " becomes sparse then (" + style.key() + "); --ignore-key " + style.key()
                                        + " makes a model that sees all of longer texts, too")
                : Optional.empty();
    }

    /** The longest text that all is seen of; one of {@code style.beyond()} tokens is not. */
    private static Optional<Integer> longest(ConfigFile config, SparseStyle style) {
        return dense(config, style).map(dense -> dense - 1);
    }

    private static Optional<Integer> dense(ConfigFile config, SparseStyle style) {
        return config.object(style.key()).map(own -> {
            int dense = own.countOrNone(style.beyond()).orElse(own.says(style.beyond()) ? 0 : style.otherwise());
            if (dense < 2) {
                throw own.wrong(style.beyond(), "attention would be sparse for texts of any length")
                        .hint("--ignore-key " + style.key() + " makes a model that sees all of a text");
            }
            return dense;
        });
    }
}
