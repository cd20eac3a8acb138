package dev.twofold.passes.quantize;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Latents;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.Step;
import dev.twofold.weight.Weight;
import java.util.ArrayList;
import java.util.List;

/**
 * Operators with rounded matrices.
 *
 * <p>What makes the latent of queries counts as q, and that of keys and values as k.
 *
 * @param layers that an operator stands for
 * @param readers rounds what reads the branch's norm
 * @param writers rounds what an operator's result comes out of
 */
record RoundedOperators(MatrixRounding rounding, List<Integer> layers, Rounder readers, Rounder writers)
        implements Operator.Cases<Operator> {

    static Step nearest(MatrixRounding rounding, Step step) {
        return new Step(step.branches().stream()
                .map(branch -> round(rounding, branch, Rounder.NEAREST, Rounder.NEAREST))
                .toList());
    }

    static Branch round(MatrixRounding rounding, Branch branch, Rounder readers, Rounder writers) {
        List<Integer> layers = branch.origin().layers();
        return branch.withBody(branch.body().match(new RoundedOperators(rounding, layers, readers, writers)));
    }

    private Linear round(MatrixName name, Linear linear, Rounder rounder) {
        Weight matrix = linear.weight();
        return new Linear(
                rounding.blocks(name, layers)
                        .map(blocks -> rounder.round(matrix, blocks, name + " of " + layers))
                        .orElse(matrix),
                linear.bias());
    }

    @Override
    public Operator attention(Attention attention) {
        Latents latents = attention.latents();
        Rounder queries = latents.queries().isPresent() ? behind() : readers;
        Rounder others = latents.keysAndValues().isPresent() ? behind() : readers;
        Attention rounded = attention
                .withProjections(
                        round(MatrixName.Q, attention.query(), queries),
                        round(MatrixName.K, attention.key(), others),
                        round(MatrixName.V, attention.value(), others))
                .withWriter(round(MatrixName.O, attention.output(), writers));
        if (!latents.any()) {
            return rounded;
        }
        List<Linear> narrow = new ArrayList<>(rounded.readers());
        if (latents.queries().isPresent()) {
            narrow.set(0, round(MatrixName.Q, narrow.get(0), readers));
        }
        if (latents.keysAndValues().isPresent()) {
            narrow.set(1, round(MatrixName.K, narrow.get(1), readers));
        }
        return rounded.withReaders(narrow);
    }

    /** What rounds what reads a latent: no sums over that were made, so to the nearest, unless it is to wait. */
    private Rounder behind() {
        return readers == Rounder.LATER ? Rounder.LATER : Rounder.NEAREST;
    }

    @Override
    public FeedForward feedForward(FeedForward feedForward) {
        return new FeedForward(
                feedForward.gate().map(gate -> round(MatrixName.GATE, gate, readers)),
                round(MatrixName.UP, feedForward.up(), readers),
                round(MatrixName.DOWN, feedForward.down(), writers),
                feedForward.activation());
    }

    @Override
    public Operator experts(Experts experts) {
        return experts.withExperts(
                experts.experts().stream().map(this::feedForward).toList());
    }

    @Override
    public Operator chain(Chain chain) {
        return chain.withSteps(steps -> steps.stream()
                .map(step -> new Step(step.branches().stream()
                        .map(branch -> round(rounding, branch, readers, writers))
                        .toList()))
                .toList());
    }
}
