package dev.twofold.family;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * A property of a family: a constant, or what config.json says.
 *
 * <pre>
 * epsilon: 0.00001
 * epsilon: {key: rms_norm_eps, default: 0.000001}
 * scale: {key: query_pre_attn_scalar, default: 256, power: -0.5}
 * activation: {key: hidden_act, default: silu, values: {silu: silu, gelu_new: gelu-tanh}}
 * count: {key: num_experts, also: num_local_experts}
 * scale: {key: scale_depth, over: {key: num_hidden_layers, power: 0.5}}
 * </pre>
 *
 * @param key of config.json; empty for a constant
 * @param also another name of the key, which counts if the first is absent; empty if there is none
 * @param otherwise the constant, or what an absent key means; missing if nothing is said. A key that is null says "none".
 * @param power the number is raised to
 * @param values what words of config.json are called here; any other is refused
 * @param over another number that this one is divided by
 */
public record Setting(
        String key, String also, JsonNode otherwise, double power, Map<String, String> values, Optional<Setting> over) {

    /** Nothing is said. */
    public static final Setting NONE = new Setting("", "", MissingNode.getInstance(), 1, Map.of(), Optional.empty());

    private static final Set<String> PARTS = Set.of("key", "also", "default", "power", "values", "over");

    public Setting {
        values = Map.copyOf(values);
    }

    /** Reads either form. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static Setting of(JsonNode node) {
        if (!node.isObject()) {
            return new Setting("", "", node, 1, Map.of(), Optional.empty());
        }
        List<String> unknown = new ArrayList<>();
        node.fieldNames().forEachRemaining(name -> {
            if (!PARTS.contains(name)) {
                unknown.add(name);
            }
        });
        if (!unknown.isEmpty() || !node.path("key").isTextual()) {
            throw new IllegalArgumentException(
                    "a setting is a constant, or {key, also, default, power, values, over}, not " + node);
        }
        requirePart(node, "also", JsonNode::isTextual, "a key");
        requirePart(node, "power", JsonNode::isNumber, "a number");
        requirePart(node, "values", JsonNode::isObject, "words and their meanings");
        Map<String, String> values = new HashMap<>();
        node.path("values")
                .properties()
                .forEach(entry -> values.put(entry.getKey(), entry.getValue().asText()));
        return new Setting(
                node.get("key").textValue(),
                node.path("also").asText(""),
                node.path("default"),
                node.path("power").asDouble(1),
                values,
                node.has("over") ? Optional.of(of(node.get("over"))) : Optional.empty());
    }

    private static void requirePart(JsonNode node, String part, Predicate<JsonNode> kind, String expected) {
        if (node.has(part) && !kind.test(node.get(part))) {
            throw new IllegalArgumentException(part + " should be " + expected + ", not " + node.get(part));
        }
    }

    public boolean isConstant() {
        return key.isEmpty();
    }

    static Setting orNone(Setting setting) {
        return setting == null ? NONE : setting;
    }
}
