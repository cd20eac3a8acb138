package dev.twofold.target.transformers;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.decoder.Rotary;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/**
 * The families whose own classes run plain layers, with what each needs of them and says in config.json. All call their
 * tensors the same.
 */
enum PlainArchitecture {
    LLAMA(
            "LlamaForCausalLM",
            "llama",
            layers -> ordinary(layers)
                    && !layers.shape().headNorms()
                    && layers.shape().inputBiases() == layers.shape().outputBias(),
            (layers, config) -> {
                config.put("attention_bias", layers.shape().inputBiases());
                config.put("mlp_bias", layers.shape().feedForwardBiases());
            }),
    MISTRAL(
            "MistralForCausalLM",
            "mistral",
            layers -> scaledBySize(layers)
                    && layers.decoder().embedding().scale() == 1
                    && layers.shape().rule().slidingWindow().isPresent()
                    && !layers.shape().headNorms()
                    && unbiased(layers),
            (layers, config) -> config.put(
                    "sliding_window", layers.shape().rule().slidingWindow().orElseThrow())),
    /** Runtimes take the size of its heads from the width of the stream. */
    QWEN2(
            "Qwen2ForCausalLM",
            "qwen2",
            layers -> ordinary(layers)
                    && headsFillStream(layers)
                    && !layers.shape().headNorms()
                    && layers.shape().inputBiases()
                    && !layers.shape().outputBias()
                    && !layers.shape().feedForwardBiases(),
            (layers, config) -> config.put("use_sliding_window", false)),
    QWEN3(
            "Qwen3ForCausalLM",
            "qwen3",
            layers -> ordinary(layers) && layers.shape().headNorms() && unbiased(layers),
            (layers, config) -> config.put("attention_bias", false)),
    /** Likewise. Its other two multipliers are part of the weights by now. */
    GRANITE(
            "GraniteForCausalLM",
            "granite",
            layers -> headsFillStream(layers)
                    && layers.shape().rule().slidingWindow().isEmpty()
                    && !layers.shape().headNorms()
                    && unbiased(layers),
            (layers, config) -> {
                config.put("attention_bias", false);
                config.put("mlp_bias", false);
                config.put("embedding_multiplier", layers.decoder().embedding().scale());
                config.put("attention_multiplier", layers.shape().rule().scale());
                config.put("residual_multiplier", 1.0);
                config.put("logits_scaling", 1.0);
            });

    private final String className;
    private final String modelType;
    private final Predicate<PlainLayers> holds;
    private final BiConsumer<PlainLayers, ObjectNode> settings;

    PlainArchitecture(
            String className,
            String modelType,
            Predicate<PlainLayers> holds,
            BiConsumer<PlainLayers, ObjectNode> settings) {
        this.className = className;
        this.modelType = modelType;
        this.holds = holds;
        this.settings = settings;
    }

    /** The first that can hold layers. */
    static Optional<PlainArchitecture> of(PlainLayers layers) {
        return sayable(layers.shape().rotary().scaling())
                ? Arrays.stream(values())
                        .filter(candidate -> candidate.holds.test(layers))
                        .findFirst()
                : Optional.empty();
    }

    String className() {
        return className;
    }

    String modelType() {
        return modelType;
    }

    void put(PlainLayers layers, ObjectNode config) {
        settings.accept(layers, config);
    }

    /** Scalings that every family reads alike. */
    private static boolean sayable(Rotary.Scaling scaling) {
        return scaling instanceof Rotary.Unscaled
                || scaling instanceof Rotary.LinearScaling
                || scaling instanceof Rotary.Llama3Scaling;
    }

    private static boolean ordinary(PlainLayers layers) {
        return scaledBySize(layers)
                && layers.decoder().embedding().scale() == 1
                && layers.shape().rule().slidingWindow().isEmpty();
    }

    private static boolean scaledBySize(PlainLayers layers) {
        double usual = 1 / Math.sqrt(layers.shape().headSize());
        return Math.abs(layers.shape().rule().scale() - usual) <= Math.ulp((float) usual);
    }

    private static boolean headsFillStream(PlainLayers layers) {
        return (long) layers.shape().heads() * layers.shape().headSize()
                == layers.decoder().facts().hiddenSize();
    }

    private static boolean unbiased(PlainLayers layers) {
        return !layers.shape().inputBiases()
                && !layers.shape().outputBias()
                && !layers.shape().feedForwardBiases();
    }
}
