package dev.twofold.decoder;

import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A decoder as text for people: one line a branch, indented under its step. For {@code --dump-after}. */
public final class DecoderText {

    private DecoderText() {}

    public static String of(Decoder decoder) {
        List<String> lines = new ArrayList<>();
        lines.add(format(
                "decoder %s: %d steps, effective depth %d, %s%s",
                decoder.facts().modelType(),
                decoder.steps().size(),
                decoder.effectiveDepth(),
                decoder.precision(),
                decoder.tied() ? ", tied embeddings" : ""));
        List<String> inside = new ArrayList<>();
        decoder.sharding()
                .ifPresent(cut -> inside.add(format(
                        "sharded over %d devices by %s%s",
                        cut.devices(), cut.placement(), cut.vocabulary() ? ", vocabulary too" : "")));
        inside.add(shaped("embedding", decoder.embedding().table()));
        decoder.embedding().positions().ifPresent(positions -> inside.add(shaped("positions", positions)));
        decoder.embedding().norm().ifPresent(norm -> inside.add(norm("embedding norm", norm)));
        for (int i = 0; i < decoder.steps().size(); i++) {
            inside.addAll(step("step " + i, decoder.steps().get(i)));
        }
        inside.add(norm("norm", decoder.finalNorm()));
        inside.add(shaped("head", decoder.head().weight()));
        lines.addAll(indented(inside));
        return String.join("\n", lines) + "\n";
    }

    private static List<String> step(String title, Step step) {
        List<String> lines = new ArrayList<>(List.of(title));
        step.branches().forEach(branch -> lines.addAll(indented(branch(branch))));
        return lines;
    }

    private static List<String> branch(Branch branch) {
        List<String> lines = new ArrayList<>();
        lines.add(branch.body().match(new Title("layers " + branch.origin().layers())));
        List<String> inside = new ArrayList<>();
        branch.in().ifPresent(norm -> inside.add(norm("norm", norm)));
        inside.addAll(branch.body().match(new Parts()));
        branch.out().ifPresent(norm -> inside.add(norm("out", norm)));
        lines.addAll(indented(inside));
        return lines;
    }

    private record Title(String layers) implements Operator.Cases<String> {

        @Override
        public String attention(Attention attention) {
            return format(
                    "attention, %s, %d heads, %d KV heads of %d%s",
                    layers, attention.heads(), attention.kvHeads(), attention.headSize(), details(attention.rule()));
        }

        @Override
        public String feedForward(FeedForward feedForward) {
            return format("feed-forward, %s, width %d", layers, feedForward.width());
        }

        @Override
        public String experts(Experts experts) {
            return format(
                    "experts, %s, %d of %d of width %d",
                    layers, experts.routing().chosen(), experts.experts().size(), experts.width());
        }

        @Override
        public String chain(Chain chain) {
            return "chain, " + layers;
        }
    }

    /** The lines under a title. */
    private static final class Parts implements Operator.Cases<List<String>> {

        @Override
        public List<String> attention(Attention attention) {
            List<String> lines = new ArrayList<>();
            attention.latents().queries().ifPresent(latent -> {
                lines.add(linear("q_a", latent.down()));
                lines.add(norm("q_an", latent.norm()));
            });
            lines.add(linear("q", attention.query()));
            attention.latents().keysAndValues().ifPresent(latent -> {
                lines.add(linear("kv_a", latent.down()));
                lines.add(norm("kv_an", latent.norm()));
            });
            lines.add(linear("k", attention.key()));
            lines.add(linear("v", attention.value()));
            attention.norms().ifPresent(both -> {
                lines.add(norm("qn", both.query()));
                lines.add(norm("kn", both.key()));
            });
            attention.sinks().ifPresent(sinks -> lines.add(shaped("sinks", sinks)));
            attention.ramps().ifPresent(ramps -> lines.add(shaped("ramps", ramps)));
            lines.add(linear("o", attention.output()));
            return lines;
        }

        @Override
        public List<String> feedForward(FeedForward feedForward) {
            List<String> lines = new ArrayList<>();
            feedForward.gate().ifPresent(gate -> lines.add(linear("gate", gate)));
            lines.add(linear("up", feedForward.up()));
            lines.add(linear("down", feedForward.down()));
            return lines;
        }

        @Override
        public List<String> experts(Experts experts) {
            return List.of(
                    linear("router", experts.router()),
                    linear("downs", experts.together().down()));
        }

        @Override
        public List<String> chain(Chain chain) {
            List<String> lines = new ArrayList<>();
            for (int i = 0; i < chain.steps().size(); i++) {
                lines.addAll(step("inner step " + i, chain.steps().get(i)));
            }
            return lines;
        }
    }

    private static String details(AttentionRule rule) {
        return rule.slidingWindow().map(window -> ", window " + window).orElse("")
                + rule.chunk().map(size -> ", chunks of " + size).orElse("")
                + rule.cap().map(cap -> ", cap " + cap).orElse("")
                + rule.temperature()
                        .map(one -> ", temperature " + one.weight() + " every " + one.every())
                        .orElse("")
                + (rule.rotary().isEmpty() ? ", no rotary positions" : "");
    }

    private static String shaped(String name, Weight weight) {
        return name + " " + weight.shape() + " " + Weights.describe(weight);
    }

    private static String norm(String name, Norm norm) {
        return format("%-5s%s%s", name, Weights.describe(norm.gain()), added(norm.bias()));
    }

    private static String linear(String name, Linear linear) {
        Weight weight = linear.weight();
        return format("%-5s%s %s%s", name, weight.shape(), Weights.describe(weight), added(linear.bias()));
    }

    private static String added(Optional<Weight> bias) {
        return bias.map(values -> " + " + Weights.describe(values)).orElse("");
    }

    private static List<String> indented(List<String> lines) {
        return lines.stream().map(line -> "  " + line).toList();
    }

    private static String format(String format, Object... arguments) {
        return String.format(Locale.ROOT, format, arguments);
    }
}
