package dev.twofold.target.gguf;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Attention.Heads;
import dev.twofold.decoder.AttentionRule;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Rotary;
import dev.twofold.family.AttentionStyle;
import dev.twofold.family.Setting;
import dev.twofold.pass.NotApplicable;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Whether the architecture that a decoder was published in can hold it. */
record OwnForm(Form form) {

    Optional<NotApplicable> refusal() {
        return Stream.of(sizes(), attention(), windows(), positions(), new OwnFeedForward(form).refusal(), ends())
                .flatMap(Optional::stream)
                .findFirst()
                .map(reason -> new NotApplicable(
                        reason + ", which llama.cpp's " + form.name() + " has no place for", Holding.ONNX));
    }

    static Optional<String> when(boolean holds, String reason) {
        return holds ? Optional.of(reason) : Optional.empty();
    }

    private Stream<Attention> attentions() {
        return form.blocks().stream().map(Block::heads);
    }

    private Stream<AttentionRule> rules() {
        return attentions().map(Attention::rule);
    }

    private Optional<String> sizes() {
        Heads first = form.first().members().get(0);
        long width = form.blocks().get(0).feedForward().body().width();
        boolean even = form.blocks().stream().allMatch(block -> {
            Heads own = block.heads().members().get(0);
            return own.heads() == first.heads()
                    && own.kvHeads() == first.kvHeads()
                    && block.feedForward().body().width() == width;
        });
        return when(!even, "its layers have different sizes");
    }

    private Optional<String> attention() {
        AttentionStyle style = form.family().attention();
        AttentionRule first = form.first().rule();
        boolean normed = attentions().anyMatch(attention -> attention.norms().isPresent());
        boolean after =
                form.blocks().stream().anyMatch(block -> block.attention().out().isPresent());
        double usual = 1 / Math.sqrt(first.headSize());
        boolean scaled = Math.abs(first.scale() / usual - 1) > 1e-7;
        boolean derived = form.architecture().scoresByHiddenSize() > 0;
        boolean sinks = attentions().anyMatch(attention -> attention.sinks().isPresent());
        return when(rules().anyMatch(rule -> rule.clip().isPresent()), "queries, keys and values are clipped")
                .or(() -> when(
                        rules().anyMatch(rule -> rule.temperature().isPresent()),
                        "queries have a temperature that depends on the position"))
                .or(() -> when(rules().anyMatch(rule -> rule.chunk().isPresent()), "attentions see chunks of a text"))
                .or(() -> when(
                        attentions().anyMatch(attention -> attention.ramps().isPresent()),
                        "its scores have biases by position"))
                .or(() -> when(sinks && style.sinks().isEmpty(), "scores of its own take part in its attentions"))
                .or(() -> when(!sinks && !style.sinks().isEmpty(), "no scores of its own take part in its attentions"))
                .or(() -> when(
                        rules().anyMatch(rule ->
                                rule.scale() != first.scale() || !rule.cap().equals(first.cap())),
                        "its attentions follow different rules"))
                .or(() -> when(first.cap().isPresent() && !form.says(ModelKeys.SCORE_CAP), "its scores are capped"))
                .or(() -> when(
                        scaled && !form.says(ModelKeys.SCORE_SCALE) && !(derived && first.scale() == derivedScale()),
                        "its scores are multiplied by " + first.scale() + " instead of " + usual))
                .or(() -> when(normed && !style.norms().isPresent(), "queries and keys are normalized"))
                .or(() -> when(after && style.resultNorm().isEmpty(), "what attentions add is normalized"));
    }

    /** Gemma's largest models divide scores by the root of the hidden size over the heads, which readers know by the layers. */
    private double derivedScale() {
        boolean large = form.blocks().size() == form.architecture().scoresByHiddenSize();
        int shared = form.decoder().facts().hiddenSize() / form.first().heads();
        return large ? Math.pow(shared, -0.5) : 1 / Math.sqrt(form.first().headSize());
    }

    private Optional<String> windows() {
        if (!form.says(ModelKeys.WINDOW)) {
            return Optional.empty();
        }
        long sizes = rules().flatMap(rule -> rule.slidingWindow().stream())
                .distinct()
                .count();
        boolean patterned =
                form.says(ModelKeys.PATTERN) || new Windows(form).isAlternating() || !new Windows(form).isMixed();
        return when(sizes > 1, "its windows are of different sizes")
                .or(() -> when(!patterned, "its windows are in layers of their own"));
    }

    private Optional<String> positions() {
        List<Rotary> all =
                rules().flatMap(rule -> rule.rotary().stream()).distinct().toList();
        boolean partly =
                all.stream().anyMatch(rotary -> rotary.width() != form.first().headSize());
        boolean local = !form.family().attention().rotary().localTheta().equals(Setting.NONE);
        boolean missing = rules().anyMatch(rule -> rule.rotary().isEmpty());
        boolean skips = form.family().attention().rotary().windowed()
                || !form.family().attention().rotary().skipEvery().equals(Setting.NONE);
        return when(all.isEmpty() || missing && !skips, "some layers have no positions")
                .or(() -> when(partly && !form.architecture().turnsInPart(), "positions turn a part of each head"))
                .or(() -> when(all.size() > 1 && !local, "positions differ from layer to layer"))
                .or(() -> all.stream()
                        .flatMap(rotary ->
                                RotaryKeys.refusal(rotary, form.architecture().yarnInFractions()).stream())
                        .findFirst());
    }

    private Optional<String> ends() {
        Decoder decoder = form.decoder();
        boolean scale = !form.family().embedding().scale().equals(Setting.NONE);
        boolean layerNorm = decoder.finalNorm().kind() == Norm.Kind.LAYER;
        return when(decoder.embedding().positions().isPresent(), "its embedding has positions")
                .or(() -> when(decoder.embedding().norm().isPresent(), "its embedding is normalized"))
                .or(() -> when(decoder.embedding().scale() != 1 && !scale, "its embedding is scaled"))
                .or(() -> when(
                        decoder.logitCap().isPresent() && !form.says(ModelKeys.LOGIT_CAP), "its logits are capped"))
                .or(() -> when(decoder.head().bias().isPresent(), "its head has a bias"))
                .or(() -> when(layerNorm && !form.says(ModelKeys.LAYER_EPSILON), "its norms are of another kind"));
    }
}
