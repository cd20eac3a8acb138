package dev.twofold.source.onnx;

import dev.twofold.decoder.Activation;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.Routing;
import dev.twofold.diag.TwofoldException;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Finds the branch that makes what is added to the stream: norm, operator, projection and again norm. */
final class BranchReader {

    private final ModelGraph graph;
    private final AttentionReader attentions;

    BranchReader(ModelGraph graph, AttentionReader attentions) {
        this.graph = graph;
        this.attentions = attentions;
    }

    /** @throws dev.twofold.diag.TwofoldException of kind INPUT that names the node which is not recognised */
    Found read(Value addend) {
        if (addend.term() instanceof Term.Scaled scaled && scaled.x().term() instanceof Term.Normed) {
            Found inner = read(addend, scaled.x());
            return new Found(
                    addend,
                    inner.in(),
                    inner.stream(),
                    inner.caches(),
                    inner.body(),
                    inner.out().map(norm -> times(norm, scaled.factor())));
        }
        return read(addend, addend);
    }

    static Norm times(Norm norm, double factor) {
        return norm.withGain(Weights.times(norm.gain(), factor), norm.bias().map(bias -> Weights.times(bias, factor)));
    }

    private Found read(Value addend, Value result) {
        Optional<Term.Normed> out = result.as(Term.Normed.class);
        Value product = out.map(Term.Normed::x).orElse(result);
        Body body = product.as(Term.Mixture.class)
                .map(this::mixture)
                .or(() -> product.as(Term.Biased.class).map(this::biased))
                .or(() -> product.as(Term.Dispatched.class).map(all -> dispatched(product, all)))
                .orElseGet(() -> body(end(product)));
        Optional<Term.Normed> in = body.input().as(Term.Normed.class);
        return new Found(
                addend,
                in.map(Term.Normed::norm),
                in.map(Term.Normed::x).orElse(body.input()),
                body.caches(),
                body.made(),
                out.map(Term.Normed::norm));
    }

    private Projections end(Value product) {
        return projection(product, "the projection that a branch ends in");
    }

    /**
     * What is between the norms.
     *
     * @param input that all its projections read
     */
    record Body(Value input, List<String> caches, Function<List<Integer>, Operator> made) {}

    private Body body(Projections writer) {
        Value inner = writer.x();
        if (isAttention(inner)) {
            return attentions.read(inner, writer.linear());
        } else if (isGated(inner)) {
            Factors factors = factors(inner);
            return factors.weighed()
                    .map(shares -> experts(factors.unweighed(), shares, writer.linear(), Optional.empty(), true))
                    .orElseGet(() -> gated(factors, writer.linear()));
        } else if (inner.term() instanceof Term.Activated activated) {
            Projections up = projection(activated.x(), "the projection before an activation");
            return feedForward(
                    up.x(), new FeedForward(Optional.empty(), up.linear(), writer.linear(), activated.activation()));
        } else if (inner.term() instanceof Term.Weighted weighted) {
            return experts(weighted, writer.linear(), Optional.empty());
        }
        throw wrong(inner, "attention, an activation, or the product of an activation and a projection");
    }

    private static boolean isAttention(Value value) {
        return value.term() instanceof Term.Attended
                || value.term() instanceof Term.Joined joined
                        && joined.parts().stream().allMatch(part -> part.term() instanceof Term.Attended);
    }

    private static Body feedForward(Value input, Operator made) {
        return new Body(input, List.of(), layers -> made);
    }

    /**
     * What a gated feed-forward multiplies.
     *
     * @param product of both
     */
    private record Factors(Value product, Value gate, Value up, Activation activation) {

        /** The shares of experts that both are weighed by, if they are. */
        Optional<Value> weighed() {
            return gate.as(Term.Weighted.class)
                    .filter(one -> up.as(Term.Weighted.class)
                            .filter(other -> other.shares() == one.shares() && other.experts() == one.experts())
                            .isPresent())
                    .map(Term.Weighted::shares);
        }

        Factors unweighed() {
            return new Factors(product, activations(gate), activations(up), activation);
        }

        private static Value activations(Value weighted) {
            return weighted.as(Term.Weighted.class).orElseThrow().activations();
        }
    }

    /** The two projections of a gated feed-forward. */
    private record Gate(Projections gate, Projections up, Activation activation) {}

    private static boolean isGated(Value value) {
        return value.term() instanceof Term.Product || value.term() instanceof Term.Gated;
    }

    private Factors factors(Value value) {
        return value.as(Term.Gated.class)
                .map(gated -> new Factors(value, gated.gate(), gated.up(), gated.activation()))
                .orElseGet(() -> factors(value, value.as(Term.Product.class).orElseThrow()));
    }

    private Factors factors(Value value, Term.Product product) {
        List<Value> both = List.of(product.first(), product.second());
        List<Value> activated = both.stream()
                .filter(factor -> factor.term() instanceof Term.Activated)
                .toList();
        if (activated.size() != 1) {
            throw wrong(value, "the product of one activation and one projection");
        }
        Term.Activated one = (Term.Activated) activated.get(0).term();
        Value other = activated.get(0) == product.first() ? product.second() : product.first();
        return new Factors(value, one.x(), other, one.activation());
    }

    private Gate gate(Factors factors) {
        Projections gate = projection(factors.gate(), "the projection that a gate is made of");
        Projections up = projection(factors.up(), "the projection that a gate is multiplied with");
        if (gate.x() != up.x()) {
            throw wrong(factors.product(), "a gate and what it is multiplied with to read the same value");
        }
        return new Gate(gate, up, factors.activation());
    }

    private Body gated(Factors factors, Linear down) {
        Gate both = gate(factors);
        return feedForward(
                both.gate().x(),
                new FeedForward(Optional.of(both.gate().linear()), both.up().linear(), down, both.activation()));
    }

    private Body biased(Term.Biased biased) {
        Projections sum = end(biased.sum());
        return experts(sum.x().as(Term.Weighted.class).orElseThrow(), sum.linear(), Optional.of(biased.biases()));
    }

    private Body experts(Term.Weighted weighted, Linear down, Optional<Weight> biases) {
        Value activations = weighted.activations();
        if (!isGated(activations)) {
            throw wrong(activations, "the product of an activation and a projection, for all experts side by side");
        }
        return experts(factors(activations), weighted.shares(), down, biases, false);
    }

    /**
     * @param biases of the last projections, expert after expert
     * @param weighsInputs whether shares weigh what experts read
     */
    private Body experts(Factors factors, Value weights, Linear down, Optional<Weight> biases, boolean weighsInputs) {
        Gate all = gate(factors);
        Term.Shares shares = weights.as(Term.Shares.class).orElseThrow();
        Projections router = projection(shares.router(), "the projection to a number for each expert");
        if (router.x() != all.gate().x()) {
            throw wrong(shares.router(), "a router that reads what the experts read");
        }
        if (down.bias().isPresent()) {
            throw wrong(factors.product(), "experts whose biases count as much as the experts");
        }
        Linear gates = all.gate().linear();
        Linear ups = all.up().linear();
        if (weighsInputs && (gates.bias().isPresent() || ups.bias().isPresent())) {
            throw wrong(factors.product(), "experts that read weighed values, without biases");
        }
        long count = shares.router().width();
        long width = factors.up().width() / count;
        long hidden = down.outputs();
        List<FeedForward> experts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long from = i * width;
            long row = i * hidden;
            experts.add(new FeedForward(
                    Optional.of(gates.rows(from, from + width)),
                    ups.rows(from, from + width),
                    new Linear(
                            down.columns(from, from + width, false).weight(),
                            biases.map(rows -> Weights.slice(rows, 0, row, row + hidden))),
                    all.activation()));
        }
        Routing routing = shares.routing().weighingInputs(weighsInputs);
        return feedForward(router.x(), new Experts(router.linear(), experts, routing));
    }

    private Body dispatched(Value sum, Term.Dispatched dispatched) {
        return mixture(new DispatchedReader(graph, made -> body(end(made))).read(sum, dispatched.outcomes()));
    }

    private Body mixture(Term.Mixture mixture) {
        Projections router = projection(mixture.router(), "the projection to a number for each expert");
        if (router.x() != mixture.x()) {
            throw wrong(mixture.router(), "a router that reads what the experts read");
        }
        return feedForward(router.x(), new Experts(router.linear(), mixture.experts(), mixture.routing()));
    }

    private Projections projection(Value value, String expected) {
        return Projections.of(value).filter(found -> found.clip().isEmpty()).orElseThrow(() -> wrong(value, expected));
    }

    private TwofoldException wrong(Value value, String expected) {
        return Unrecognised.in(graph).at(value, expected);
    }
}
