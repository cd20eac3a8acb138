package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.text;

import dev.twofold.decoder.Activation;
import dev.twofold.graph.GraphBuilder;
import java.util.List;

/** Activations in operators of the default domain, which both dialects have. */
record Activations(GraphBuilder graph) {

    /** @param name of the operator that the activation is part of */
    String apply(String name, String x, Activation activation) {
        return switch (activation) {
            case SILU -> {
                String sigmoid = graph.node(name + "/sigmoid", "Sigmoid", List.of(x));
                yield graph.node(name + "/silu", "Mul", List.of(x, sigmoid));
            }
            case GELU -> graph.node(name + "/gelu", "Gelu", List.of(x));
            case GELU_TANH -> graph.node(name + "/gelu", "Gelu", List.of(x), text("approximate", "tanh"));
            case RELU -> graph.node(name + "/relu", "Relu", List.of(x));
            case RELU_SQUARED -> {
                String relu = graph.node(name + "/relu", "Relu", List.of(x));
                yield graph.node(name + "/squared", "Mul", List.of(relu, relu));
            }
        };
    }
}
