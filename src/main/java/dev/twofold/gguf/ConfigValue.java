package dev.twofold.gguf;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Where the value of a key of config.json comes from: a key of the metadata, whether there is a tensor, or nothing but the
 * architecture.
 *
 * <pre>
 * hidden_act: silu
 * rope_theta: {from: rope.freq_base, otherwise: 10000}
 * num_key_value_heads: {from: attention.head_count_kv, also: attention.head_count}
 * scale_depth: {from: residual_scale, times: block_count, power: 0.5}
 * attention_bias: {has: blk.0.attn_q.bias}
 * </pre>
 *
 * @param constant missing if it is none
 * @param from key of the metadata, without the architecture's name
 * @param also another such key, which counts if the first is absent
 * @param otherwise what its absence means; missing if config.json is silent too
 * @param required whether it may not be absent
 * @param times another such key, a number that has to be there, to whose power it is multiplied; none if it is empty
 * @param has a tensor, which makes it true
 * @param lacks a tensor, which makes it false
 */
public record ConfigValue(
        JsonNode constant,
        String from,
        String also,
        JsonNode otherwise,
        boolean required,
        String times,
        double power,
        String has,
        String lacks) {

    private static final Set<String> PARTS =
            Set.of("from", "also", "otherwise", "required", "times", "power", "has", "lacks");

    /** Reads either form. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static ConfigValue of(JsonNode node) {
        JsonNode missing = MissingNode.getInstance();
        if (!node.isObject()) {
            return new ConfigValue(node, "", "", missing, false, "", 1, "", "");
        }
        boolean known = node.properties().stream().allMatch(part -> PARTS.contains(part.getKey()));
        long kinds = Stream.of("from", "has", "lacks").filter(node::has).count();
        if (!known || kinds != 1) {
            throw new IllegalArgumentException(
                    "a value is a constant, or comes from one of from, has and lacks, not " + node);
        }
        return new ConfigValue(
                missing,
                node.path("from").asText(""),
                node.path("also").asText(""),
                node.path("otherwise"),
                node.path("required").asBoolean(false),
                node.path("times").asText(""),
                node.path("power").asDouble(1),
                node.path("has").asText(""),
                node.path("lacks").asText(""));
    }
}
