package dev.twofold.graph.plain;

import dev.twofold.decoder.Activation;
import dev.twofold.decoder.Activation.ClampedSwish;
import dev.twofold.decoder.Activation.Plain;
import dev.twofold.decoder.Activation.Xielu;

/** Activations in the smallest operators, from their definitions. */
record PlainActivation(PlainBuild build) {

    String apply(String x, Activation activation) {
        if (activation instanceof Xielu own) {
            return xielu(x, own);
        } else if (activation instanceof Plain plain) {
            return plain(x, plain);
        }
        throw new IllegalStateException(activation + " without a gate");
    }

    /** What the last projection of a feed-forward with a gate reads. */
    String gated(String gate, String up, Activation activation) {
        if (activation instanceof ClampedSwish own) {
            String limit = build.number(own.limit());
            String below = build.node("Min", gate, limit);
            String inside = build.node("Clip", up, build.number(-own.limit()), limit);
            String swish = build.node(
                    "Mul", below, build.node("Sigmoid", build.node("Mul", below, build.number(own.steepness()))));
            return build.node("Mul", swish, build.node("Add", inside, build.number(1)));
        }
        return build.node("Mul", apply(gate, activation), up);
    }

    private String plain(String x, Plain activation) {
        return switch (activation) {
            case SILU -> build.node("Mul", x, build.node("Sigmoid", x));
            case RELU -> build.node("Relu", x);
            case RELU_SQUARED -> {
                String relu = build.node("Relu", x);
                yield build.node("Mul", relu, relu);
            }
            case GELU -> halved(x, build.node("Erf", build.node("Mul", x, build.number(Math.sqrt(0.5)))));
            case GELU_TANH -> {
                String cube = build.node("Mul", x, build.node("Mul", x, x));
                String bent = build.node("Add", x, build.node("Mul", cube, build.number(0.044715)));
                yield halved(x, build.node("Tanh", build.node("Mul", bent, build.number(Math.sqrt(2 / Math.PI)))));
            }
        };
    }

    private String xielu(String x, Xielu own) {
        String slope = build.feed(own.slope());
        String above = build.node("Softplus", build.feed(own.rising()));
        String below = build.node("Add", slope, build.node("Softplus", build.feed(own.falling())));
        String low = build.node("Min", x, build.number(0));
        String bend = build.node("Sub", build.node("Elu", low), low);
        String high = build.node("Max", x, build.number(0));
        String rise = build.node("Mul", build.node("Mul", high, high), above);
        String curve = build.node("Add", rise, build.node("Mul", bend, below));
        return build.node("Add", curve, build.node("Mul", x, slope));
    }

    /** {@code x / 2 * (1 + y)}. */
    private String halved(String x, String y) {
        return build.node("Mul", build.node("Mul", x, build.number(0.5)), build.node("Add", y, build.number(1)));
    }
}
