package dev.twofold.decoder;

import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A mixture of experts (Shazeer et al., 2017): {@code sum of p_e F_e(x)} over the experts that a router chooses, by their
 * scores {@code p}; or {@code sum of F_e(p_e x)}, where the routing weighs inputs.
 *
 * <p>It may be cut along the width of all experts alike; the router is needed whole on every device.
 *
 * @param router {@code [experts, hidden]}
 * @param experts feed-forwards of one form and width, which have no biases where inputs are weighed; the bias of the last projection of each counts as much as the expert
 * @param routing how the router's results choose among them
 */
public record Experts(Linear router, List<FeedForward> experts, Routing routing) implements Operator {

    public Experts {
        experts = List.copyOf(experts);
    }

    public Experts withExperts(List<FeedForward> others) {
        return new Experts(router, others, routing);
    }

    /** Whether there is nothing to choose: one expert, by so much as its gate says. */
    public boolean isGated() {
        return experts.size() == 1 && routing.equals(Routing.gate());
    }

    /** Width of the hidden activation of one expert. */
    @Override
    public long width() {
        return experts.get(0).width();
    }

    /** All experts as one feed-forward, their activations one after the other, without the biases of their last projections. */
    public FeedForward together() {
        FeedForward all = FeedForward.merged(experts);
        return all.withWriter(Linear.withoutBias(all.down().weight()));
    }

    /** The biases of the last projections, expert after expert, {@code [experts * hidden]}; none if they have none. */
    public Optional<Weight> outputBiases() {
        List<Weight> biases = experts.stream()
                .flatMap(expert -> expert.down().bias().stream())
                .toList();
        return biases.isEmpty() ? Optional.empty() : Optional.of(Weights.stack(0, biases));
    }

    @Override
    public Kind kind() {
        return isGated() ? Kind.GATED : Kind.EXPERTS;
    }

    @Override
    public <R> R match(Cases<R> cases) {
        return cases.experts(this);
    }

    @Override
    public Optional<Experts> mixture() {
        return Optional.of(this);
    }

    @Override
    public List<String> readerNames() {
        return Stream.concat(Stream.of("router"), experts.stream().flatMap(expert -> expert.readerNames().stream()))
                .toList();
    }

    /** The router, then those of each expert. */
    @Override
    public List<Linear> readers() {
        return Stream.concat(Stream.of(router), experts.stream().flatMap(expert -> expert.readers().stream()))
                .toList();
    }

    @Override
    public Experts withReaders(List<Linear> readers) {
        List<FeedForward> others = new ArrayList<>();
        int next = 1;
        for (FeedForward expert : experts) {
            int count = expert.readers().size();
            others.add(expert.withReaders(readers.subList(next, next + count)));
            next += count;
        }
        return new Experts(readers.get(0), others, routing);
    }

    @Override
    public Stream<Weight> weights() {
        return Stream.of(
                        router.weights(),
                        routing.correction().stream(),
                        experts.stream().flatMap(FeedForward::weights))
                .flatMap(weights -> weights);
    }
}
