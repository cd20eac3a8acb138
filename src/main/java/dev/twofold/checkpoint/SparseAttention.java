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
        if (!style.isPresent() || settings.unknown().ignores(style.key())) {
            return context;
        }
        return dense(settings.config(), style)
                .map(dense -> Math.min(dense, context))
                .orElse(context);
    }

    /** @param ignored keys that users say do not matter */
    public static Optional<String> note(ConfigFile config, SparseStyle style, Set<String> ignored) {
        return style.isPresent() && !ignored.contains(style.key())
                ? dense(config, style)
                        .map(dense ->
                                "note: the context ends at " + dense + " positions, where the checkpoint's attention"
                                        + " becomes sparse (" + style.key() + "); --ignore-key " + style.key()
                                        + " makes a model that sees all of longer texts, too")
                : Optional.empty();
    }

    private static Optional<Integer> dense(ConfigFile config, SparseStyle style) {
        return config.object(style.key()).map(own -> {
            int dense = own.countOrNone(style.beyond()).orElse(own.says(style.beyond()) ? 0 : style.otherwise());
            if (dense == 0) {
                throw own.wrong(style.beyond(), "attention would be sparse for texts of any length")
                        .hint("--ignore-key " + style.key() + " makes a model that sees all of a text");
            }
            return dense;
        });
    }
}
