package dev.twofold.decoder;

import dev.twofold.weight.Weights;
import java.util.Locale;

/** A decoder as text for people: one line a branch, indented under its step. For {@code --dump-after}. */
public final class DecoderText {

    private final StringBuilder text = new StringBuilder();

    private DecoderText() {}

    public static String of(Decoder decoder) {
        DecoderText writer = new DecoderText();
        writer.line(
                0,
                "decoder %s: %d steps, effective depth %d, %s%s",
                decoder.facts().modelType(),
                decoder.steps().size(),
                decoder.effectiveDepth(),
                decoder.precision(),
                decoder.tied() ? ", tied embeddings" : "");
        decoder.sharding()
                .ifPresent(cut -> writer.line(
                        1,
                        "sharded over %d devices by %s%s",
                        cut.devices(),
                        cut.placement(),
                        cut.vocabulary() ? ", vocabulary too" : ""));
        writer.line(
                1,
                "embedding %s %s",
                decoder.embedding().table().shape(),
                Weights.describe(decoder.embedding().table()));
        decoder.embedding()
                .positions()
                .ifPresent(
                        positions -> writer.line(1, "positions %s %s", positions.shape(), Weights.describe(positions)));
        for (int i = 0; i < decoder.steps().size(); i++) {
            writer.step(1, "step " + i, decoder.steps().get(i));
        }
        writer.norm(1, "norm", decoder.finalNorm());
        writer.line(
                1,
                "head %s %s",
                decoder.head().weight().shape(),
                Weights.describe(decoder.head().weight()));
        return writer.text.toString();
    }

    private void step(int indent, String title, Step step) {
        line(indent, "%s", title);
        for (Branch branch : step.branches()) {
            branch(indent + 1, branch);
        }
    }

    private void branch(int indent, Branch branch) {
        String layers = "layers " + branch.origin().layers();
        if (branch.body() instanceof Chain chain) {
            line(indent, "chain, %s", layers);
            for (int i = 0; i < chain.steps().size(); i++) {
                step(indent + 1, "inner step " + i, chain.steps().get(i));
            }
            return;
        }
        line(indent, "%s", title(branch.body(), layers));
        branch.in().ifPresent(norm -> norm(indent + 1, "norm", norm));
        if (branch.body() instanceof Attention attention) {
            linear(indent + 1, "q", attention.query());
            linear(indent + 1, "k", attention.key());
            linear(indent + 1, "v", attention.value());
            attention.norms().ifPresent(both -> {
                norm(indent + 1, "qn", both.query());
                norm(indent + 1, "kn", both.key());
            });
            linear(indent + 1, "o", attention.output());
        } else if (branch.body() instanceof FeedForward feedForward) {
            feedForward.gate().ifPresent(gate -> linear(indent + 1, "gate", gate));
            linear(indent + 1, "up", feedForward.up());
            linear(indent + 1, "down", feedForward.down());
        } else if (branch.body() instanceof Experts experts) {
            linear(indent + 1, "router", experts.router());
            linear(indent + 1, "downs", experts.together().down());
        }
        branch.out().ifPresent(norm -> norm(indent + 1, "out", norm));
    }

    private static String title(Operator body, String layers) {
        if (body instanceof Attention attention) {
            return String.format(
                    Locale.ROOT,
                    "attention, %s, %d heads, %d KV heads of %d%s",
                    layers,
                    attention.heads(),
                    attention.kvHeads(),
                    attention.headSize(),
                    details(attention.rule()));
        } else if (body instanceof FeedForward feedForward) {
            return String.format(Locale.ROOT, "feed-forward, %s, width %d", layers, feedForward.width());
        } else if (body instanceof Experts experts) {
            return String.format(
                    Locale.ROOT,
                    "experts, %s, %d of %d of width %d",
                    layers,
                    experts.chosen(),
                    experts.experts().size(),
                    experts.width());
        }
        throw new IllegalStateException("no text for " + body);
    }

    private static String details(AttentionRule rule) {
        return rule.window().map(window -> ", window " + window).orElse("")
                + rule.cap().map(cap -> ", cap " + cap).orElse("")
                + (rule.rotary().isEmpty() ? ", no rotary positions" : "");
    }

    private void norm(int indent, String name, Norm norm) {
        String bias = norm.bias().map(value -> " + " + Weights.describe(value)).orElse("");
        line(indent, "%-5s%s%s", name, Weights.describe(norm.gain()), bias);
    }

    private void linear(int indent, String name, Linear linear) {
        String bias =
                linear.bias().map(value -> " + " + Weights.describe(value)).orElse("");
        line(indent, "%-5s%s %s%s", name, linear.weight().shape(), Weights.describe(linear.weight()), bias);
    }

    private void line(int indent, String format, Object... arguments) {
        text.append("  ".repeat(indent))
                .append(String.format(Locale.ROOT, format, arguments))
                .append('\n');
    }
}
