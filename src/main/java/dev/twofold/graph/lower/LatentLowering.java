package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Latent;
import dev.twofold.decoder.Linear;
import dev.twofold.graph.GraphBuilder;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Queries, keys and values, from what a branch reads or from latents of it. */
record LatentLowering(GraphBuilder graph, Dialect dialect) {

    /** @param apart whether an engine is to cut the projections */
    List<String> projected(String name, String x, Attention attention, boolean apart) {
        List<Linear> all = attention.projections();
        if (!attention.latents().any()) {
            return Projection.apply(graph, name, x, List.of("q", "k", "v"), all, apart);
        }
        String ofQueries = read(name + "/q_a", x, attention.latents().queries());
        String ofOthers = read(name + "/kv_a", x, attention.latents().keysAndValues());
        String query = Projection.apply(graph, name + "/q", ofQueries, all.get(0));
        return Stream.concat(
                        Stream.of(query),
                        Projection.apply(graph, name, ofOthers, List.of("k", "v"), all.subList(1, 3), apart).stream())
                .toList();
    }

    private String read(String name, String x, Optional<Latent> latent) {
        return latent.map(own -> latent(name, x, own)).orElse(x);
    }

    private String latent(String name, String x, Latent own) {
        String narrow = Projection.apply(graph, name, x, own.down());
        String norm = graph.unique(name + "/norm");
        if (own.normed() == own.width()) {
            return dialect.normalize(norm, narrow, own.norm());
        }
        List<String> parts = graph.node(
                name + "/parts",
                "",
                "Split",
                List.of(narrow, graph.integers(own.normed(), own.width() - own.normed())),
                2,
                integer("axis", -1));
        String normed = dialect.normalize(norm, parts.get(0), own.norm());
        return graph.node(name + "/joined", "Concat", List.of(normed, parts.get(1)), integer("axis", -1));
    }
}
