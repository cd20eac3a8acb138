package dev.twofold.source.onnx;

import dev.twofold.decoder.Activation;
import java.util.Map;
import java.util.Optional;

/** What the experts of one operator do to their gates, by its attributes. */
final class ExpertActivation {

    private static final Map<String, Activation> KNOWN =
            Map.of("swiglu", Activation.Plain.SILU, "silu", Activation.Plain.SILU, "relu", Activation.Plain.RELU);

    private ExpertActivation() {}

    /** {@code g * sigmoid(alpha g) * (u + beta)}, of gates up to a limit and of what they are multiplied with within it; or a plain one. */
    static Optional<Activation> of(Call call) {
        String type = call.text("activation_type", "relu");
        double alpha = call.number("activation_alpha", 1);
        double beta = call.number("activation_beta", 0);
        double limit = call.number("swiglu_limit", Double.POSITIVE_INFINITY);
        if (alpha == 1 && beta == 0 && limit == Double.POSITIVE_INFINITY) {
            return Optional.ofNullable(KNOWN.get(type));
        }
        boolean clamped = type.equals("swiglu") && alpha > 0 && beta == 1 && limit > 0 && Double.isFinite(limit);
        return clamped ? Optional.of(new Activation.ClampedSwish(alpha, limit)) : Optional.empty();
    }
}
