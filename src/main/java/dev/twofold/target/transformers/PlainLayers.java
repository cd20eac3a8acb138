package dev.twofold.target.transformers;

import dev.twofold.decoder.Activation;
import dev.twofold.decoder.Attention;
import dev.twofold.decoder.AttentionRule;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.QueryKeyNorm;
import dev.twofold.decoder.Rotary;
import dev.twofold.decoder.Step;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A decoder of layers that are all of one shape: RMSNorm, attention, RMSNorm, gated feed-forward. That is what Llama and
 * its relatives are; an unpaired model of theirs is such a decoder, and so is one with all its layers in pairs.
 *
 * @param layers in the order of the stream
 * @param shape of every layer
 */
record PlainLayers(Decoder decoder, List<Layer> layers, Shape shape) {

    /** A layer, and the norms that its halves read the stream through. */
    record Layer(Norm attentionNorm, Attention attention, Norm feedForwardNorm, FeedForward feedForward) {}

    /**
     * What layers have in common.
     *
     * @param headNorms whether queries and keys are normalized, with one gain for all heads
     * @param inputBiases whether query, key and value have biases
     * @param outputBias whether the attention's output has one
     * @param feedForwardBiases whether gate, up and down have them
     */
    record Shape(
            AttentionRule rule,
            Rotary rotary,
            int heads,
            int kvHeads,
            long width,
            double epsilon,
            boolean headNorms,
            boolean inputBiases,
            boolean outputBias,
            boolean feedForwardBiases) {

        int headSize() {
            return rule.headSize();
        }
    }

    /** The layers of a decoder that has nothing else, and all of one shape; empty for any other. */
    static Optional<PlainLayers> of(Decoder decoder) {
        Norm last = decoder.finalNorm();
        boolean more = decoder.embedding().positions().isPresent()
                || decoder.logitCap().isPresent()
                || last.kind() != Norm.Kind.RMS
                || last.bias().isPresent();
        List<Step> steps = decoder.steps();
        if (more || steps.isEmpty() || steps.size() % 2 != 0) {
            return Optional.empty();
        }
        List<Layer> layers = new ArrayList<>();
        Set<Shape> shapes = new HashSet<>();
        for (int step = 0; step < steps.size(); step += 2) {
            Optional<Layer> layer = layer(steps.get(step), steps.get(step + 1));
            Optional<Shape> shape = layer.flatMap(own -> shape(own, last.epsilon()));
            if (shape.isEmpty()) {
                return Optional.empty();
            }
            layers.add(layer.orElseThrow());
            shapes.add(shape.orElseThrow());
        }
        return shapes.size() == 1
                ? Optional.of(new PlainLayers(decoder, layers, shapes.iterator().next()))
                : Optional.empty();
    }

    private static Optional<Layer> layer(Step first, Step second) {
        List<Branch> branches = Stream.concat(first.branches().stream(), second.branches().stream())
                .toList();
        boolean ordinary = first.branches().size() == 1
                && second.branches().size() == 1
                && branches.stream()
                        .allMatch(branch ->
                                branch.in().isPresent() && branch.out().isEmpty());
        return ordinary
                        && branches.get(0).body() instanceof Attention attention
                        && branches.get(1).body() instanceof FeedForward feedForward
                ? Optional.of(new Layer(
                        branches.get(0).in().orElseThrow(),
                        attention,
                        branches.get(1).in().orElseThrow(),
                        feedForward))
                : Optional.empty();
    }

    private static Optional<Shape> shape(Layer layer, double epsilon) {
        Attention attention = layer.attention();
        FeedForward feedForward = layer.feedForward();
        AttentionRule rule = attention.rule();
        boolean norms = Stream.of(layer.attentionNorm(), layer.feedForwardNorm())
                .allMatch(norm -> norm.kind() == Norm.Kind.RMS && norm.bias().isEmpty() && norm.epsilon() == epsilon);
        boolean plain = norms
                && rule.clip().isEmpty()
                && rule.cap().isEmpty()
                && rule.temperature().isEmpty()
                && rule.chunk().isEmpty()
                && attention.sinks().isEmpty()
                && !attention.latents().any()
                && rule.rotary()
                        .filter(rotary -> rotary.width() == rule.headSize() && !rotary.interleaved())
                        .isPresent()
                && feedForward.gate().isPresent()
                && feedForward.activation() == Activation.Plain.SILU;
        List<Linear> inputs = attention.readers();
        List<Linear> feedForwards = Stream.concat(feedForward.readers().stream(), Stream.of(feedForward.down()))
                .toList();
        boolean headNorms = attention.norms().isPresent();
        if (!plain
                || !alike(inputs)
                || !alike(feedForwards)
                || headNorms
                        && attention
                                .norms()
                                .filter(both -> shared(both, attention, epsilon))
                                .isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Shape(
                rule,
                rule.rotary().orElseThrow(),
                attention.heads(),
                attention.kvHeads(),
                feedForward.width(),
                epsilon,
                headNorms,
                biased(inputs),
                attention.output().bias().isPresent(),
                biased(feedForwards)));
    }

    private static boolean shared(QueryKeyNorm norms, Attention attention, double epsilon) {
        return norms.span() == QueryKeyNorm.Span.HEAD
                && !norms.turned()
                && Stream.of(norms.query(), norms.key())
                        .allMatch(norm -> norm.kind() == Norm.Kind.RMS
                                && norm.epsilon() == epsilon
                                && QueryKeyNorm.shared(norm, attention.headSize())
                                        .isPresent());
    }

    /** Whether all have biases, or none. */
    private static boolean alike(List<Linear> projections) {
        return projections.stream()
                        .map(projection -> projection.bias().isPresent())
                        .distinct()
                        .count()
                == 1;
    }

    private static boolean biased(List<Linear> projections) {
        return projections.get(0).bias().isPresent();
    }
}
