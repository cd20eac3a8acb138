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
        writer.line(1, "embedding %s %s", decoder.embedding().shape(), Weights.describe(decoder.embedding()));
        for (int i = 0; i < decoder.steps().size(); i++) {
            writer.step(1, "step " + i, decoder.steps().get(i));
        }
        writer.line(1, "norm %s", Weights.describe(decoder.finalNorm().gain()));
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
        } else if (branch.body() instanceof Attention attention) {
            line(
                    indent,
                    "attention, %s, %d heads, %d KV heads of %d",
                    layers,
                    attention.heads(),
                    attention.kvHeads(),
                    attention.headSize());
            norm(indent + 1, branch);
            linear(indent + 1, "q", attention.query());
            linear(indent + 1, "k", attention.key());
            linear(indent + 1, "v", attention.value());
            linear(indent + 1, "o", attention.output());
        } else if (branch.body() instanceof FeedForward feedForward) {
            line(indent, "feed-forward, %s, width %d", layers, feedForward.width());
            norm(indent + 1, branch);
            linear(indent + 1, "gate", feedForward.gate());
            linear(indent + 1, "up", feedForward.up());
            linear(indent + 1, "down", feedForward.down());
        }
    }

    private void norm(int indent, Branch branch) {
        branch.in().ifPresent(norm -> line(indent, "%-5s%s", "norm", Weights.describe(norm.gain())));
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
