package dev.twofold.target.transformers;

import dev.twofold.decoder.AttentionRule;
import dev.twofold.decoder.Decoder;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** What a decoder may compute and no checkpoint that is written here does. */
final class UnheldMathematics {

    private UnheldMathematics() {}

    /** In words that say why not; empty if there is nothing of it. */
    static Optional<String> in(Decoder decoder) {
        if (decoder.attentions().anyMatch(attention -> attention.latents().any())) {
            return Optional.of(
                    "the architecture that Twofold writes has no latents that queries, keys and values are made of");
        }
        if (decoder.attentions().anyMatch(attention -> attention.ramps().isPresent())) {
            return Optional.of("the architecture that Twofold writes adds no biases to scores by position");
        }
        if (decoder.embedding().norm().isPresent()) {
            return Optional.of("the architecture that Twofold writes has no norm of the embedding");
        }
        boolean groups = decoder.branches()
                .flatMap(branch -> branch.body().mixture().stream())
                .anyMatch(experts -> experts.routing().groups().isPresent());
        if (groups) {
            return Optional.of("the architecture that Twofold writes does not choose experts by groups");
        }
        return several(decoder, "sliding windows", AttentionRule::slidingWindow)
                .or(() -> several(decoder, "chunks", AttentionRule::chunk));
    }

    private static Optional<String> several(
            Decoder decoder, String what, Function<AttentionRule, Optional<Integer>> size) {
        List<Integer> sizes = decoder.attentions()
                .flatMap(attention -> size.apply(attention.rule()).stream())
                .distinct()
                .toList();
        return sizes.size() > 1
                ? Optional.of("transformers masks " + what + " of one length in a model, not of " + sizes)
                : Optional.empty();
    }
}
