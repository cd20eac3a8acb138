package dev.twofold.decoder;

import dev.twofold.tensor.IntegerBlocks;
import dev.twofold.tensor.Precision;
import dev.twofold.weight.RoundedForm;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A decoder: an embedding, a residual stream, the steps that add to it, and a head that reads it.
 *
 * @param head {@code [vocabulary, hidden]}; its weight equals the embedding's table when they are tied
 * @param logitCap {@code c} in {@code c * tanh(logit / c)}, which logits pass through, if they do
 * @param precision the type weights are stored and the model computes in
 * @param sharding how it is cut over devices, or which part of it this is; empty if it stays on one
 */
public record Decoder(
        ModelFacts facts,
        Embedding embedding,
        List<Step> steps,
        Norm finalNorm,
        Linear head,
        Optional<Double> logitCap,
        Precision precision,
        Optional<Sharding> sharding) {

    public Decoder {
        steps = List.copyOf(steps);
    }

    /** A decoder on one device. */
    public Decoder(
            ModelFacts facts,
            Embedding embedding,
            List<Step> steps,
            Norm finalNorm,
            Linear head,
            Optional<Double> logitCap,
            Precision precision) {
        this(facts, embedding, steps, finalNorm, head, logitCap, precision, Optional.empty());
    }

    public Decoder withFacts(ModelFacts others) {
        return new Decoder(others, embedding, steps, finalNorm, head, logitCap, precision, sharding);
    }

    public Decoder withSteps(List<Step> others) {
        return new Decoder(facts, embedding, others, finalNorm, head, logitCap, precision, sharding);
    }

    public Decoder withEnds(Embedding otherEmbedding, Linear otherHead) {
        return new Decoder(facts, otherEmbedding, steps, finalNorm, otherHead, logitCap, precision, sharding);
    }

    public Decoder withPrecision(Precision other) {
        return new Decoder(facts, embedding, steps, finalNorm, head, logitCap, other, sharding);
    }

    public Decoder withSharding(Sharding other) {
        return new Decoder(facts, embedding, steps, finalNorm, head, logitCap, precision, Optional.of(other));
    }

    /** Rows of the embedding and the head: the vocabulary, or a device's part of it. */
    public int vocabularyRows() {
        boolean part = sharding.filter(cut -> cut.vocabulary() && cut.rank().isPresent())
                .isPresent();
        return part ? facts.vocabularySize() / sharding.orElseThrow().devices() : facts.vocabularySize();
    }

    /** Whether an engine is to cut it: it is sharded, and still whole. */
    public boolean uncut() {
        return sharding.filter(cut -> cut.rank().isEmpty()).isPresent();
    }

    public boolean tied() {
        return head.weight().equals(embedding.table());
    }

    /** All-reduces a token when sharded: one a step, and one for an embedding that is cut. */
    public int allReduces() {
        return steps.size() + (sharding.filter(Sharding::vocabulary).isPresent() ? 1 : 0);
    }

    /** Layers' worth of operators that run one after the other; an ordinary layer counts 1. */
    public int effectiveDepth() {
        int operators = steps.stream().mapToInt(Step::depth).sum();
        return (operators + facts.stepsPerLayer() - 1) / facts.stepsPerLayer();
    }

    /** Every branch in the order of the stream, those inside chains in place of the chain. */
    public Stream<Branch> branches() {
        return branches(steps);
    }

    private static Stream<Branch> branches(List<Step> steps) {
        return steps.stream()
                .flatMap(step -> step.branches().stream())
                .flatMap(branch -> branch.body().steps().isEmpty()
                        ? Stream.of(branch)
                        : branches(branch.body().steps()));
    }

    /** Every attention in the order of the stream. */
    public Stream<Attention> attentions() {
        return branches().map(Branch::body).flatMap(Operator::attentions);
    }

    /** The attention of every layer of the checkpoint that is still here, by layer number. */
    public List<Attention.Heads> attentionLayers() {
        return attentions()
                .flatMap(attention -> attention.members().stream())
                .sorted(Comparator.comparingInt(Attention.Heads::layer))
                .toList();
    }

    /** The different rotary positions that attentions use, in the order of their first use. */
    public List<Rotary> rotaries() {
        return attentions()
                .flatMap(attention -> attention.rule().rotary().stream())
                .distinct()
                .toList();
    }

    /** The different temperatures that attentions have, likewise. */
    public List<Temperature> temperatures() {
        return attentions()
                .flatMap(attention -> attention.rule().temperature().stream())
                .distinct()
                .toList();
    }

    /** The blocks of few bits that matrices are rounded to, each once; none if no matrix is rounded. */
    public List<IntegerBlocks> blocks() {
        return DecoderSize.weights(this)
                .flatMap(RoundedForm::blocks)
                .distinct()
                .sorted(Comparator.comparing(IntegerBlocks::toString))
                .toList();
    }

    /** How many mixtures there are in which something is chosen. */
    public int routers() {
        return steps.stream().mapToInt(step -> Routers.of(step).size()).sum();
    }

    /** Width of the widest attention head. */
    public int headSize() {
        return attentions().mapToInt(Attention::headSize).max().orElse(0);
    }
}
