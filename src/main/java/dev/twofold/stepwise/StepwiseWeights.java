package dev.twofold.stepwise;

import dev.twofold.decoder.Activation.Xielu;
import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.Step;
import java.util.ArrayList;
import java.util.List;

/** The weights of a decoder by the names of modeling_twofold.py, in the order of the stream. */
public final class StepwiseWeights {

    private final List<NamedWeight> weights = new ArrayList<>();

    private StepwiseWeights() {}

    /** A head that is the embedding is left out. */
    public static List<NamedWeight> of(Decoder decoder) {
        StepwiseWeights all = new StepwiseWeights();
        all.weights.add(
                new NamedWeight(TensorNames.EMBEDDING, decoder.embedding().table()));
        decoder.embedding()
                .positions()
                .ifPresent(positions -> all.weights.add(new NamedWeight(TensorNames.POSITIONS, positions)));
        all.steps(TensorNames.STEPS, decoder.steps());
        all.norm(TensorNames.FINAL_NORM, decoder.finalNorm());
        if (!decoder.tied()) {
            all.linear(TensorNames.HEAD, decoder.head());
        } else {
            decoder.head()
                    .bias()
                    .ifPresent(bias -> all.weights.add(new NamedWeight(TensorNames.bias(TensorNames.HEAD), bias)));
        }
        return List.copyOf(all.weights);
    }

    private void steps(String prefix, List<Step> steps) {
        for (int step = 0; step < steps.size(); step++) {
            List<Branch> branches = steps.get(step).branches();
            for (int branch = 0; branch < branches.size(); branch++) {
                branch(TensorNames.branch(prefix, step, branch), branches.get(branch));
            }
        }
    }

    private void branch(String prefix, Branch branch) {
        branch.in().ifPresent(norm -> norm(prefix + TensorNames.NORM, norm));
        branch.body().match(new Bodies(prefix)).run();
        branch.out().ifPresent(norm -> norm(prefix + TensorNames.OUT_NORM, norm));
    }

    private void norm(String module, Norm norm) {
        weights.add(new NamedWeight(TensorNames.weight(module), norm.gain()));
        norm.bias().ifPresent(bias -> weights.add(new NamedWeight(TensorNames.bias(module), bias)));
    }

    private void linear(String module, Linear linear) {
        weights.add(new NamedWeight(TensorNames.weight(module), linear.weight()));
        linear.bias().ifPresent(bias -> weights.add(new NamedWeight(TensorNames.bias(module), bias)));
    }

    /** What each kind of operator computes with. */
    private final class Bodies implements Operator.Cases<Runnable> {

        private final String prefix;

        Bodies(String prefix) {
            this.prefix = prefix;
        }

        @Override
        public Runnable attention(Attention attention) {
            return () -> {
                linear(prefix + TensorNames.QUERY, attention.query());
                linear(prefix + TensorNames.KEY, attention.key());
                linear(prefix + TensorNames.VALUE, attention.value());
                attention.norms().ifPresent(both -> {
                    norm(prefix + TensorNames.QUERY_NORM, both.query());
                    norm(prefix + TensorNames.KEY_NORM, both.key());
                });
                attention.sinks().ifPresent(sinks -> weights.add(new NamedWeight(prefix + TensorNames.SINKS, sinks)));
                linear(prefix + TensorNames.OUTPUT, attention.output());
            };
        }

        @Override
        public Runnable feedForward(FeedForward feedForward) {
            return () -> {
                feedForward.gate().ifPresent(gate -> linear(prefix + TensorNames.GATE, gate));
                linear(prefix + TensorNames.UP, feedForward.up());
                linear(prefix + TensorNames.DOWN, feedForward.down());
                if (feedForward.activation() instanceof Xielu own) {
                    weights.add(new NamedWeight(prefix + TensorNames.RISING, own.rising()));
                    weights.add(new NamedWeight(prefix + TensorNames.FALLING, own.falling()));
                    weights.add(new NamedWeight(prefix + TensorNames.SLOPE, own.slope()));
                }
            };
        }

        @Override
        public Runnable experts(Experts experts) {
            return () -> {
                linear(prefix + TensorNames.ROUTER, experts.router());
                experts.routing()
                        .correction()
                        .ifPresent(values -> weights.add(new NamedWeight(prefix + TensorNames.CORRECTION, values)));
                for (int number = 0; number < experts.experts().size(); number++) {
                    FeedForward expert = experts.experts().get(number);
                    new Bodies(TensorNames.expert(prefix, number))
                            .feedForward(expert)
                            .run();
                }
            };
        }

        @Override
        public Runnable chain(Chain chain) {
            return () -> steps(TensorNames.chain(prefix), chain.steps());
        }
    }
}
