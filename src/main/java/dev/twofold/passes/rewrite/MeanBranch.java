package dev.twofold.passes.rewrite;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.HeadScores;
import dev.twofold.decoder.Latent;
import dev.twofold.decoder.Latents;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.QueryKeyNorm;
import dev.twofold.diag.TwofoldException;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The branch whose weights are the mean of those of several layers. */
final class MeanBranch {

    private MeanBranch() {}

    /** @throws TwofoldException of kind USAGE if the layers differ in more than their weights */
    static Branch of(List<Branch> branches, List<Integer> layers) {
        Branch first = branches.get(0);
        return new Branch(
                norm(branches.stream().flatMap(branch -> branch.in().stream()).toList()),
                body(branches, layers),
                norm(branches.stream().flatMap(branch -> branch.out().stream()).toList()),
                first.origin().withLayers(layers));
    }

    private static Operator body(List<Branch> branches, List<Integer> layers) {
        List<Operator> bodies = branches.stream().map(Branch::body).toList();
        List<List<Object>> kinds =
                bodies.stream().map(body -> body.match(new Alike())).distinct().toList();
        if (kinds.size() != 1) {
            throw TwofoldException.usage("layers " + layers + " differ in more than their weights, and have no mean")
                    .found(kinds)
                    .hint("average only layers of one kind");
        }
        return bodies.get(0).match(new Mean(bodies, layers));
    }

    /** What must be equal in layers that have a mean. */
    private static final class Alike implements Operator.Cases<List<Object>> {

        @Override
        public List<Object> attention(Attention attention) {
            return List.of(
                    attention.kind(),
                    attention.rule(),
                    attention.latents().form(),
                    attention.norms().map(QueryKeyNorm::form),
                    attention.sinks().isPresent(),
                    attention.ramps());
        }

        @Override
        public List<Object> feedForward(FeedForward feedForward) {
            return List.of(feedForward.kind(), feedForward.activation(), feedForward.width());
        }

        @Override
        public List<Object> experts(Experts experts) {
            return List.of(experts.kind());
        }

        @Override
        public List<Object> chain(Chain chain) {
            return List.of(chain.kind());
        }
    }

    /** The mean of operators of one kind. */
    private record Mean(List<Operator> bodies, List<Integer> layers) implements Operator.Cases<Operator> {

        @Override
        public Operator attention(Attention attention) {
            return MeanBranch.attention(
                    bodies.stream().map(Attention.class::cast).toList());
        }

        @Override
        public Operator feedForward(FeedForward feedForward) {
            return MeanBranch.feedForward(
                    bodies.stream().map(FeedForward.class::cast).toList());
        }

        @Override
        public Operator experts(Experts experts) {
            throw without(experts);
        }

        @Override
        public Operator chain(Chain chain) {
            throw without(chain);
        }

        private TwofoldException without(Operator operator) {
            return TwofoldException.usage("layers " + layers + " have parts that have no mean")
                    .found(operator.kind())
                    .hint("use drop-layers or pair-layers");
        }
    }

    private static Attention attention(List<Attention> parts) {
        Attention first = parts.get(0);
        List<QueryKeyNorm> norms =
                parts.stream().flatMap(part -> part.norms().stream()).toList();
        return new Attention(
                new Latents(
                        latent(parts.stream()
                                .map(part -> part.latents().queries())
                                .toList()),
                        latent(parts.stream()
                                .map(part -> part.latents().keysAndValues())
                                .toList())),
                mean(parts, Attention::query),
                mean(parts, Attention::key),
                mean(parts, Attention::value),
                mean(parts, Attention::output),
                first.norms()
                        .map(both -> new QueryKeyNorm(
                                both.span(),
                                both.turned(),
                                mean(norms.stream().map(QueryKeyNorm::query).toList()),
                                mean(norms.stream().map(QueryKeyNorm::key).toList()))),
                new HeadScores(
                        first.sinks()
                                .map(any -> Weights.mean(parts.stream()
                                        .flatMap(part -> part.sinks().stream())
                                        .toList())),
                        first.ramps()),
                first.rule(),
                first.members());
    }

    /** Of latents that all parts have, or none. */
    private static Optional<Latent> latent(List<Optional<Latent>> parts) {
        List<Latent> all = parts.stream().flatMap(Optional::stream).toList();
        return all.isEmpty()
                ? Optional.empty()
                : Optional.of(new Latent(
                        mean(all, Latent::down),
                        mean(all.stream().map(Latent::norm).toList())));
    }

    private static FeedForward feedForward(List<FeedForward> parts) {
        FeedForward first = parts.get(0);
        return new FeedForward(
                first.gate().map(gate -> mean(parts, part -> part.gate().orElseThrow())),
                mean(parts, FeedForward::up),
                mean(parts, FeedForward::down),
                first.activation());
    }

    private static <T> Linear mean(List<T> parts, Function<T, Linear> of) {
        List<Linear> linears = parts.stream().map(of).toList();
        Weight weight = Weights.mean(linears.stream().map(Linear::weight).toList());
        return new Linear(
                weight,
                meanIfAny(linears.stream()
                        .flatMap(linear -> linear.bias().stream())
                        .toList()));
    }

    private static Optional<Norm> norm(List<Norm> norms) {
        return norms.isEmpty() ? Optional.empty() : Optional.of(mean(norms));
    }

    private static Norm mean(List<Norm> norms) {
        return norms.get(0)
                .withGain(
                        Weights.mean(norms.stream().map(Norm::gain).toList()),
                        meanIfAny(norms.stream()
                                .flatMap(norm -> norm.bias().stream())
                                .toList()));
    }

    private static Optional<Weight> meanIfAny(List<Weight> weights) {
        return weights.isEmpty() ? Optional.empty() : Optional.of(Weights.mean(weights));
    }
}
