package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.text;

import dev.twofold.decoder.Activation;
import dev.twofold.decoder.Activation.ClampedSwish;
import dev.twofold.decoder.Activation.Plain;
import dev.twofold.decoder.Activation.Xielu;
import dev.twofold.graph.GraphBuilder;
import java.util.List;

/** Activations in operators of the default domain, which both dialects have. */
record Activations(GraphBuilder graph) {

    /** @param name of the operator that the activation is part of */
    String apply(String name, String x, Activation activation) {
        if (activation instanceof Xielu own) {
            return xielu(name, x, own);
        } else if (activation instanceof Plain plain) {
            return plain(name, x, plain);
        }
        throw new IllegalStateException(activation + " without a gate");
    }

    /** What the last projection of a feed-forward with a gate reads. */
    String gated(String name, String gate, String up, Activation activation) {
        if (activation instanceof ClampedSwish own) {
            return clamped(name, gate, up, own);
        }
        return graph.node(name + "/gated", "Mul", List.of(apply(name, gate, activation), up));
    }

    private String plain(String name, String x, Plain activation) {
        return switch (activation) {
            case SILU -> {
                String sigmoid = graph.node(name + "/sigmoid", "Sigmoid", List.of(x));
                yield graph.node(name + "/silu", "Mul", List.of(x, sigmoid));
            }
            case GELU -> graph.node(name + "/gelu", "Gelu", List.of(x));
            case GELU_TANH -> graph.node(name + "/gelu", "Gelu", List.of(x), text("approximate", "tanh"));
            case RELU -> graph.node(name + "/relu", "Relu", List.of(x));
            case RELU_SQUARED -> squared(name, x);
        };
    }

    private String squared(String name, String x) {
        String relu = graph.node(name + "/relu", "Relu", List.of(x));
        return graph.node(name + "/squared", "Mul", List.of(relu, relu));
    }

    /** An exponential linear unit less its argument is what bends below zero, and nothing above. */
    private String xielu(String name, String x, Xielu own) {
        String slope = graph.weight(name + ".slope", own.slope());
        String falling = graph.weight(name + ".falling", own.falling());
        String rising = graph.weight(name + ".rising", own.rising());
        String above = graph.node(name + "/above", "Softplus", List.of(rising));
        String below = graph.node(
                name + "/below", "Add", List.of(slope, graph.node(name + "/fall", "Softplus", List.of(falling))));
        String rise = graph.node(name + "/rise", "Mul", List.of(squared(name, x), above));
        String elu = graph.node(name + "/elu", "Elu", List.of(x));
        String bent = graph.node(name + "/bent", "Sub", List.of(elu, x));
        String fallen = graph.node(name + "/fallen", "Mul", List.of(bent, below));
        String curve = graph.node(name + "/curve", "Add", List.of(rise, fallen));
        String line = graph.node(name + "/line", "Mul", List.of(x, slope));
        return graph.node(name + "/xielu", "Add", List.of(curve, line));
    }

    private String clamped(String name, String gate, String up, ClampedSwish own) {
        String limit = graph.filled(own.limit());
        String below = graph.node(name + "/gate_limit", "Min", List.of(gate, limit));
        String raised = graph.node(name + "/up_raise", "Max", List.of(up, graph.filled(-own.limit())));
        String inside = graph.node(name + "/up_limit", "Min", List.of(raised, limit));
        String steep = graph.node(name + "/steep", "Mul", List.of(below, graph.filled(own.steepness())));
        String sigmoid = graph.node(name + "/sigmoid", "Sigmoid", List.of(steep));
        String swish = graph.node(name + "/swish", "Mul", List.of(below, sigmoid));
        String more = graph.node(name + "/more", "Add", List.of(inside, graph.filled(1)));
        return graph.node(name + "/gated", "Mul", List.of(swish, more));
    }
}
