package dev.twofold.graph.lower;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Operator;
import dev.twofold.graph.GraphBuilder;
import dev.twofold.graph.lower.KvLayout.Cache;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Lowers what a branch computes from what it reads. */
final class BodyLowering {

    private final GraphBuilder graph;
    private final Dialect dialect;
    private final GraphForm form;
    private final Map<Integer, Cache> cacheOfLayer;
    private final boolean apart;

    /** @param decoder whose projections stay apart if it is sharded and not cut yet, for the engine that is to cut its graph */
    BodyLowering(GraphBuilder graph, Dialect dialect, GraphForm form, List<Cache> caches, Decoder decoder) {
        this.graph = graph;
        this.dialect = dialect;
        this.form = form;
        this.cacheOfLayer = caches.stream().collect(Collectors.toMap(Cache::layer, Function.identity()));
        this.apart = decoder.uncut();
    }

    /** @param name of the branch in the graph */
    String lower(String name, String x, Operator body) {
        return body.match(new Lowered(name, x));
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
            List<Attention> parts = form.layout().parts(attention);
            List<Cache> used = parts.stream()
                    .map(part -> cacheOfLayer.get(part.members().get(0).layer()))
                    .toList();
            String heads = dialect.attend(name, x, parts, used);
            return Projection.apply(graph, name + "/output", heads, attention.output());
        }

        @Override
        public String feedForward(FeedForward feedForward) {
            return Projection.apply(graph, name + "/down", activated(feedForward), feedForward.down());
        }

        @Override
        public String experts(Experts experts) {
            ExpertsLowering lowering = new ExpertsLowering(graph);
            ChosenExpertsLowering chosen = new ChosenExpertsLowering(graph);
            if (form.chosenExperts() && !apart && chosen.takes(experts)) {
                return chosen.lower(name, x, lowering.shares(name, x, experts), experts);
            }
            FeedForward all = experts.together();
            if (experts.routing().weighsInputs()) {
                String shares = lowering.shares(name, x, experts);
                String inner = activated(all, (part, made) -> lowering.weighted(part, shares, made, experts));
                return Projection.apply(graph, name + "/down", inner, all.down());
            }
            String activations = activated(all);
            String shares = lowering.shares(name, x, experts);
            String weighted = lowering.weighted(name, shares, activations, experts);
            String sum = Projection.apply(graph, name + "/down", weighted, all.down());
            return experts.outputBiases()
                    .map(biases -> lowering.biased(name, shares, sum, biases, experts))
                    .orElse(sum);
        }

        @Override
        public String chain(Chain chain) {
            throw new IllegalStateException("the steps of a chain are lowered along a stream of their own");
        }

        /** What the last projection of a feed-forward reads. */
        private String activated(FeedForward feedForward) {
            return activated(feedForward, (part, made) -> made);
        }

        /** @param then what is done to the gate and to what it is multiplied with first, by name */
        private String activated(FeedForward feedForward, BinaryOperator<String> then) {
            Activations activations = new Activations(graph);
            if (feedForward.gate().isEmpty()) {
                String up = Projection.apply(graph, name + "/up", x, feedForward.up());
                return activations.apply(name, then.apply(name + "/up", up), feedForward.activation());
            }
            List<String> split =
                    Projection.apply(graph, name, x, feedForward.readerNames(), feedForward.readers(), apart);
            String gate = then.apply(name + "/gate", split.get(0));
            return activations.gated(name, gate, then.apply(name + "/up", split.get(1)), feedForward.activation());
        }
    }
}
