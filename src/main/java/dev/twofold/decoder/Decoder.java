package dev.twofold.decoder;

import dev.twofold.tensor.Precision;
import dev.twofold.weight.Weight;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A pre-norm decoder: an embedding, a residual stream, the steps that add to it, and a head that reads it.
 *
 * @param embedding {@code [vocabulary, hidden]}
 * @param head {@code [vocabulary, hidden]}; its weight equals {@code embedding} when they are tied
 * @param precision the type weights are stored and the model computes in
 */
public record Decoder(
        ModelFacts facts,
        Weight embedding,
        List<Step> steps,
        Norm finalNorm,
        Linear head,
        Rotary rotary,
        Precision precision) {

    public Decoder {
        steps = List.copyOf(steps);
    }

    public Decoder withSteps(List<Step> others) {
        return new Decoder(facts, embedding, others, finalNorm, head, rotary, precision);
    }

    public Decoder withPrecision(Precision other) {
        return new Decoder(facts, embedding, steps, finalNorm, head, rotary, other);
    }

    public boolean tied() {
        return head.weight().equals(embedding);
    }

    /** All-reduces a token when sharded: one a step. */
    public int allReduces() {
        return steps.size();
    }

    /** Layers' worth of operators that run one after the other; an ordinary layer counts 1. */
    public int effectiveDepth() {
        return (steps.stream().mapToInt(Step::depth).sum() + 1) / 2;
    }

    /** The attention of every layer of the checkpoint that is still here, by layer number. */
    public List<Attention.Heads> attentionLayers() {
        List<Attention.Heads> found = new ArrayList<>();
        steps.forEach(step -> collect(step, found));
        found.sort(Comparator.comparingInt(Attention.Heads::layer));
        return found;
    }

    private static void collect(Step step, List<Attention.Heads> found) {
        for (Branch branch : step.branches()) {
            if (branch.body() instanceof Attention attention) {
                found.addAll(attention.members());
            } else if (branch.body() instanceof Chain chain) {
                chain.steps().forEach(inner -> collect(inner, found));
            }
        }
    }
}
