package dev.twofold.decoder;

import dev.twofold.weight.Weight;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the projections of an attention read, if not what its branch reads (multi-head latent attention; DeepSeek-AI, 2024).
 *
 * @param queries what queries are made of
 * @param keysAndValues what keys and values are made of, both of one value
 */
public record Latents(Optional<Latent> queries, Optional<Latent> keysAndValues) {

    /** All read what the branch reads. */
    public static final Latents NONE = new Latents(Optional.empty(), Optional.empty());

    /** What must be equal of those that have a mean: all but the weights. */
    public record Form(List<Long> widths, List<Norm.Kind> kinds, List<Double> epsilons) {}

    public Form form() {
        return new Form(
                all().flatMap(latent -> Stream.of(latent.width(), latent.normed()))
                        .toList(),
                all().map(latent -> latent.norm().kind()).toList(),
                all().map(latent -> latent.norm().epsilon()).toList());
    }

    public boolean any() {
        return all().findAny().isPresent();
    }

    /** Those there are, of queries first. */
    public Stream<Latent> all() {
        return Stream.concat(queries.stream(), keysAndValues.stream());
    }

    Stream<Weight> weights() {
        return all().flatMap(Latent::weights);
    }
}
