package dev.twofold.stepwise;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.twofold.decoder.Activation;
import dev.twofold.decoder.Activation.ClampedSwish;
import dev.twofold.decoder.Activation.Plain;
import dev.twofold.decoder.Activation.Xielu;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * An activation: a word, or, where it has numbers that were not trained, {@code {kind, steepness, limit}}.
 *
 * @param word what it is called
 * @param steepness of a clamped swish, else 0
 * @param limit likewise
 */
record ActivationForm(String word, double steepness, double limit) {

    private static final String KIND = "kind";
    private static final String STEEPNESS = "steepness";
    private static final String LIMIT = "limit";

    ActivationForm {
        boolean plain =
                Arrays.stream(Plain.values()).anyMatch(one -> one.toString().equals(word));
        boolean clamped =
                word.equals(ClampedSwish.NAME) && limit > 0 && steepness > 0 && Double.isFinite(limit * steepness);
        if (!plain && !clamped && !word.equals(Xielu.NAME)) {
            throw new IllegalArgumentException("'" + word + "', which is none of "
                    + Arrays.stream(Plain.values()).map(Plain::toString).collect(Collectors.joining(", "))
                    + ", " + Xielu.NAME + ", {kind: " + ClampedSwish.NAME + ", steepness, limit}");
        }
    }

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static ActivationForm of(JsonNode node) {
        return node.isObject()
                ? new ActivationForm(
                        node.path(KIND).asText(),
                        node.path(STEEPNESS).asDouble(),
                        node.path(LIMIT).asDouble())
                : new ActivationForm(node.asText(), 0, 0);
    }

    boolean needsGate() {
        return word.equals(ClampedSwish.NAME);
    }

    @JsonValue
    JsonNode json() {
        if (!word.equals(ClampedSwish.NAME)) {
            return TextNode.valueOf(word);
        }
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        return node.put(KIND, word).put(STEEPNESS, steepness).put(LIMIT, limit);
    }

    static ActivationForm of(Activation activation) {
        return activation instanceof ClampedSwish own
                ? new ActivationForm(ClampedSwish.NAME, own.steepness(), own.limit())
                : new ActivationForm(activation.toString(), 0, 0);
    }

    /** @param prefix of the tensors of the feed-forward */
    Activation activation(String prefix, Tensors tensors) {
        return switch (word) {
            case Xielu.NAME ->
                new Xielu(
                        tensors.tensor(prefix + TensorNames.RISING, 1),
                        tensors.tensor(prefix + TensorNames.FALLING, 1),
                        tensors.tensor(prefix + TensorNames.SLOPE, 1));
            case ClampedSwish.NAME -> new ClampedSwish(steepness, limit);
            default ->
                Arrays.stream(Plain.values())
                        .filter(one -> one.toString().equals(word))
                        .findFirst()
                        .orElseThrow();
        };
    }
}
