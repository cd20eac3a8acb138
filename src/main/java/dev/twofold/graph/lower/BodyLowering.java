package dev.twofold.graph.lower;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.Parallel;
import dev.twofold.graph.GraphBuilder;
import dev.twofold.graph.lower.KvLayout.Cache;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Lowers what a branch computes from what it reads. */
final class BodyLowering {

    private final GraphBuilder graph;
    private final Dialect dialect;
    private final KvLayout layout;
    private final Map<Integer, Cache> cacheOfLayer;
    private final boolean apart;

    /** @param apart whether an engine is to cut the graph, so that projections stay apart */
    BodyLowering(GraphBuilder graph, Dialect dialect, KvLayout layout, List<Cache> caches, boolean apart) {
        this.graph = graph;
        this.dialect = dialect;
        this.layout = layout;
        this.cacheOfLayer = caches.stream().collect(Collectors.toMap(Cache::layer, Function.identity()));
        this.apart = apart;
    }

    /** @param name of the branch in the graph */
    String lower(String name, String x, Operator body) {
        return body.match(new Lowered(name, x));
    }

    /** An attention for each cache. */
    List<Attention> parts(Attention attention) {
        return layout.parts(attention);
    }

    /** The cache of such a part. */
    Cache cache(Attention part) {
        return Objects.requireNonNull(cacheOfLayer.get(part.members().get(0).layer()));
    }

    /**
     * What the last projection of a feed-forward reads.
     *
     * @param projected what its first projections made: gate and up, or up alone
     */
    String activated(String name, List<String> projected, FeedForward feedForward) {
        String activated = new Activations(graph).apply(name, projected.get(0), feedForward.activation());
        return projected.size() == 1
                ? activated
                : graph.node(name + "/gated", "Mul", List.of(activated, projected.get(1)));
    }

    private final class Lowered implements Operator.Cases<String> {

        private final String name;
        private final String x;

        Lowered(String name, String x) {
            this.name = name;
            this.x = x;
        }

        @Override
        public String attention(Attention attention) {
            List<Attention> parts = parts(attention);
            List<Cache> used = parts.stream().map(BodyLowering.this::cache).toList();
            String heads = dialect.attend(name, x, parts, used);
            return Projection.apply(graph, name + "/output", heads, attention.output());
        }

        @Override
        public String feedForward(FeedForward feedForward) {
            return Projection.apply(graph, name + "/down", activated(feedForward), feedForward.down());
        }

        @Override
        public String experts(Experts experts) {
            FeedForward all = experts.together();
            String weighted = new ExpertsLowering(graph).weighted(name, x, activated(all), experts);
            return Projection.apply(graph, name + "/down", weighted, all.down());
        }

        @Override
        public String parallel(Parallel parallel) {
            return new ParallelLowering(graph, dialect, BodyLowering.this, name).lower(x, parallel);
        }

        @Override
        public String chain(Chain chain) {
            throw new IllegalStateException("the steps of a chain are lowered along a stream of their own");
        }

        private String activated(FeedForward feedForward) {
            List<String> projected = feedForward.gate().isEmpty()
                    ? List.of(Projection.apply(graph, name + "/up", x, feedForward.up()))
                    : Projection.apply(graph, name, x, feedForward.readerNames(), feedForward.readers(), apart);
            return BodyLowering.this.activated(name, projected, feedForward);
        }
    }
}
