package dev.twofold.passes.quantize;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.Step;
import java.util.List;

/**
 * Operators with rounded matrices.
 *
 * @param layers that an operator stands for
 */
record RoundedOperators(MatrixRounding rounding, List<Integer> layers) implements Operator.Cases<Operator> {

    static Step round(MatrixRounding rounding, Step step) {
        return new Step(
                step.branches().stream().map(branch -> round(rounding, branch)).toList());
    }

    private static Branch round(MatrixRounding rounding, Branch branch) {
        List<Integer> layers = branch.origin().layers();
        return branch.withBody(branch.body().match(new RoundedOperators(rounding, layers)));
    }

    private Linear round(MatrixName name, Linear linear) {
        return new Linear(rounding.round(name, layers, linear.weight()), linear.bias());
    }

    @Override
    public Operator attention(Attention attention) {
        return attention
                .withReaders(List.of(
                        round(MatrixName.Q, attention.query()),
                        round(MatrixName.K, attention.key()),
                        round(MatrixName.V, attention.value())))
                .withWriter(round(MatrixName.O, attention.output()));
    }

    @Override
    public FeedForward feedForward(FeedForward feedForward) {
        return new FeedForward(
                feedForward.gate().map(gate -> round(MatrixName.GATE, gate)),
                round(MatrixName.UP, feedForward.up()),
                round(MatrixName.DOWN, feedForward.down()),
                feedForward.activation());
    }

    @Override
    public Operator experts(Experts experts) {
        return experts.withExperts(
                experts.experts().stream().map(this::feedForward).toList());
    }

    @Override
    public Operator chain(Chain chain) {
        return chain.withSteps(
                steps -> steps.stream().map(step -> round(rounding, step)).toList());
    }
}
