package dev.twofold.target.gguf;

import dev.twofold.decoder.Activation;
import dev.twofold.decoder.Attention;
import dev.twofold.decoder.AttentionRule;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Rotary;
import dev.twofold.pass.NotApplicable;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Whether llama.cpp's architecture {@code deci}, whose blocks differ in their sizes, can hold blocks. */
record Holding(Decoder decoder, List<Block> blocks) {

    /** What holds everything. */
    static final String ONNX = "write it as ONNX, without --target";

    /** What does without pairs. */
    static final String AS_IT_IS = "write the model as it is with --window 0:0, or " + ONNX;

    Optional<NotApplicable> refusal() {
        return Stream.<Optional<String>>of(
                        when(
                                blocks.stream().anyMatch(block -> after(block).isPresent()),
                                "what a branch adds is normalized"),
                        when(
                                attentions()
                                        .anyMatch(attention -> attention.norms().isPresent()),
                                "queries and keys are normalized"),
                        when(
                                attentions()
                                        .anyMatch(
                                                attention -> attention.latents().any()),
                                "queries, keys and values are made of latents"),
                        when(
                                attentions()
                                        .anyMatch(attention -> attention.sinks().isPresent()),
                                "scores of its own take part in its attentions"),
                        when(
                                attentions()
                                        .anyMatch(attention -> attention.ramps().isPresent()),
                                "its scores have biases by position"),
                        when(
                                blocks.stream()
                                        .anyMatch(block -> block.feedForward()
                                                .body()
                                                .mixture()
                                                .isPresent()),
                                "its feed-forwards are mixtures of experts"),
                        when(
                                norms().anyMatch(norm -> norm.kind() != Norm.Kind.RMS
                                        || norm.bias().isPresent()),
                                "its norms are not RMSNorm"),
                        when(
                                blocks.stream().anyMatch(block -> !isGated(block)),
                                "its feed-forwards are not SiLU with a gate"),
                        when(
                                blocks.stream()
                                        .anyMatch(block -> block.attention()
                                                        .in()
                                                        .isEmpty()
                                                || block.feedForward().in().isEmpty()),
                                "a branch reads the stream without a norm"),
                        rules(),
                        when(decoder.embedding().positions().isPresent(), "its embedding has positions"),
                        when(decoder.embedding().norm().isPresent(), "its embedding is normalized"),
                        when(decoder.head().bias().isPresent(), "its head has a bias"),
                        when(decoder.logitCap().isPresent(), "its logits are capped"))
                .flatMap(Optional::stream)
                .findFirst()
                .map(reason -> new NotApplicable(
                        reason + ", which no architecture of llama.cpp has with blocks of different sizes", AS_IT_IS));
    }

    private static Optional<String> when(boolean holds, String reason) {
        return holds ? Optional.of(reason) : Optional.empty();
    }

    private static Optional<Norm> after(Block block) {
        return block.attention().out().or(() -> block.feedForward().out());
    }

    private Stream<Attention> attentions() {
        return blocks.stream().map(Block::heads);
    }

    private Stream<Norm> norms() {
        return Stream.concat(blocks.stream().flatMap(block -> block.norms().stream()), Stream.of(decoder.finalNorm()));
    }

    private static boolean isGated(Block block) {
        Branch branch = block.feedForward();
        return branch.body() instanceof FeedForward feedForward
                && feedForward.gate().isPresent()
                && feedForward.activation() == Activation.Plain.SILU;
    }

    /** What all attentions have to agree in, but for their windows, within which a model can be kept. */
    private Optional<String> rules() {
        AttentionRule first = blocks.get(0).heads().rule();
        boolean plain = attentions()
                .map(Attention::rule)
                .allMatch(rule -> rule.clip().isEmpty()
                        && rule.cap().isEmpty()
                        && rule.headSize() == first.headSize()
                        && rule.scale() == first.scale()
                        && rule.rotary().equals(first.rotary()));
        boolean tempered = attentions()
                .anyMatch(attention -> attention.rule().temperature().isPresent());
        boolean turned = first.rotary()
                .filter(rotary -> rotary.width() == first.headSize())
                .isPresent();
        boolean chunks =
                attentions().anyMatch(attention -> attention.rule().chunk().isPresent());
        if (chunks) {
            return Optional.of("attentions see chunks of a text");
        } else if (tempered) {
            return Optional.of("queries have a temperature that depends on the position");
        } else if (!plain) {
            return Optional.of("its attentions follow different rules");
        }
        return when(!turned, "positions do not turn whole heads")
                .or(() -> first.rotary().flatMap(rotary -> RotaryKeys.refusal(rotary, false)));
    }

    /** What turns queries and keys. */
    static Optional<Rotary> rotary(List<Block> blocks) {
        return blocks.stream()
                .flatMap(block -> block.heads().rule().rotary().stream())
                .findFirst();
    }
}
