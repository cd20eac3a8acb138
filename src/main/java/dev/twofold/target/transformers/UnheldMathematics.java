package dev.twofold.target.transformers;

import dev.twofold.decoder.Decoder;
import java.util.List;
import java.util.Optional;

/** What a decoder may compute and no checkpoint that is written here does. */
final class UnheldMathematics {

    private UnheldMathematics() {}

    /** In words that say why not; empty if there is nothing of it. */
    static Optional<String> in(Decoder decoder) {
        if (decoder.attentions().anyMatch(attention -> attention.latents().any())) {
            return Optional.of(
                    "the architecture that Twofold writes has no latents that queries, keys and values are made of");
        }
        boolean groups = decoder.branches()
                .flatMap(branch -> branch.body().mixture().stream())
                .anyMatch(experts -> experts.routing().groups().isPresent());
        if (groups) {
            return Optional.of("the architecture that Twofold writes does not choose experts by groups");
        }
        List<Integer> windows = decoder.attentions()
                .flatMap(attention -> attention.rule().slidingWindow().stream())
                .distinct()
                .toList();
        return windows.size() > 1
                ? Optional.of("transformers masks sliding windows of one length in a model, not of " + windows)
                : Optional.empty();
    }
}
