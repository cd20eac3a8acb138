package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Rotary;
import dev.twofold.diag.TwofoldException;
import dev.twofold.diag.TwofoldException.Kind;
import dev.twofold.pipeline.Sources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** No key of a config.json is ignored, unless it cannot change what a model computes. */
final class FamilyConfigTest {

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** Families whose tiny checkpoints transformers did not write. */
    private static final Set<String> OWN_CODE = Set.of("exaone", "internlm2", "minicpm");

    @TempDir
    private Path directory;

    static Stream<String> families() {
        return TinyFamilies.names().stream();
    }

    @ParameterizedTest
    @MethodSource("families")
    void every_key_is_used_or_harmless_or_refused(String name) {
        EditedFamily family = EditedFamily.copy(name, directory.resolve(name));
        Decoder original = Sources.SHIPPED.open(family.directory()).decoder();
        for (Map.Entry<String, JsonNode> entry : family.config().properties()) {
            for (JsonNode other : others(entry.getKey(), entry.getValue())) {
                family.with(entry.getKey(), other);
                assertThat(outcome(original, family.directory()))
                        .as(entry.getKey() + " = " + other)
                        .isIn(allowed(name, entry.getKey()));
            }
        }
    }

    private enum Outcome {
        SAME,
        CHANGED,
        REFUSED
    }

    private static Set<Outcome> allowed(String name, String key) {
        if (IdleKeys.changesNothing(key)) {
            return Set.of(Outcome.SAME);
        }
        return IdleKeys.mayBeUnread(name, key) ? Set.of(Outcome.values()) : Set.of(Outcome.CHANGED, Outcome.REFUSED);
    }

    private static Outcome outcome(Decoder original, Path checkpoint) {
        try {
            return Sources.SHIPPED.open(checkpoint).decoder().equals(original) ? Outcome.SAME : Outcome.CHANGED;
        } catch (TwofoldException e) {
            assertThat(e.kind()).isEqualTo(Kind.INPUT);
            return Outcome.REFUSED;
        }
    }

    /** Other values that a key might have; none if this one can only be of one kind. */
    private static List<JsonNode> others(String key, JsonNode value) {
        if (value.isBoolean()) {
            return List.of(NODES.booleanNode(!value.booleanValue()));
        }
        if (value.isInt()) {
            return List.of(NODES.numberNode(value.intValue() < 4 ? value.intValue() + 1 : 4 * value.intValue()));
        }
        if (value.isNumber()) {
            return List.of(NODES.numberNode(4 * value.doubleValue() + 0.25));
        }
        if (value.isTextual()) {
            return List.of(NODES.textNode("another"));
        }
        if (value.isNull()) {
            return List.of(unset(key));
        }
        if (value.isObject()) {
            return changedFields((ObjectNode) value);
        }
        return changedElements(key, (ArrayNode) value);
    }

    private static JsonNode unset(String key) {
        return switch (key) {
            case "rope_scaling" -> NODES.objectNode().put("rope_type", "linear").put("factor", 2.0);
            case "hidden_activation", "summary_activation" -> NODES.textNode("relu");
            default -> NODES.numberNode(8);
        };
    }

    private static List<JsonNode> changedFields(ObjectNode object) {
        List<JsonNode> others = new ArrayList<>();
        for (Map.Entry<String, JsonNode> field : object.properties()) {
            for (JsonNode other : others(field.getKey(), field.getValue())) {
                others.add(object.deepCopy().<ObjectNode>set(field.getKey(), other));
            }
        }
        return others;
    }

    private static List<JsonNode> changedElements(String key, ArrayNode list) {
        JsonNode first = switch (key) {
            case "layer_types" -> NODES.textNode("full_attention");
            case "no_rope_layers" -> NODES.numberNode(0);
            case "mlp_only_layers" -> NODES.numberNode(0);
            default ->
                list.isEmpty() ? NODES.numberNode(1) : others(key, list.get(0)).get(0);
        };
        ArrayNode other = list.deepCopy();
        if (!list.isEmpty()) {
            other.remove(0);
        }
        return List.of(other.insert(0, first));
    }

    @Test
    void an_option_that_is_not_implemented_is_refused_by_name() {
        Map<String, List<String>> options = Map.of(
                "gpt2", List.of("scale_attn_by_inverse_layer_idx", "add_cross_attention"),
                "gemma3", List.of("use_bidirectional_attention"),
                "qwen2", List.of("use_mrope"),
                "internlm2", List.of("bias"));
        options.forEach((name, keys) -> {
            EditedFamily family = EditedFamily.copy(name, directory.resolve(name));
            for (String key : keys) {
                assertThat(refused(family.with(key, NODES.booleanNode(true)))).contains(key);
            }
        });
    }

    @ParameterizedTest
    @CsvSource({"mistral9, mistral", "gemma9, gemma2", "granitemoe2, granite-moe", "t9, llama", "glm9, llama"})
    void an_unknown_family_names_the_nearest_one_and_the_file_to_be_like(String type, String file) {
        EditedFamily family = EditedFamily.copy("mistral", directory.resolve("mistral"));
        assertThat(refused(family.with("model_type", NODES.textNode(type)))).contains(type, "like: " + file + "'");
    }

    /** What transformers 5 writes differs in where rotary parameters and the type of weights are. */
    @ParameterizedTest
    @MethodSource("families")
    void the_config_of_transformers_5_says_the_same(String name) throws IOException {
        Path other = TinyFamilies.ROOT.resolve("transformers-5-configs").resolve(name + ".json");
        if (!Files.exists(other)) {
            assertThat(OWN_CODE).contains(name);
            return;
        }
        EditedFamily family = EditedFamily.copy(name, directory.resolve(name));
        Decoder original = Sources.SHIPPED.open(family.directory()).decoder();
        family.withConfig(new ObjectMapper().readTree(other.toFile()));
        assertThat(Sources.SHIPPED.open(family.directory()).decoder()).isEqualTo(original);
    }

    /** The default of the class holds only where there are no rope_parameters at all; where they lack it, that of the library. */
    @Test
    void rope_parameters_without_a_base_have_that_of_the_library() {
        EditedFamily family = EditedFamily.copy("ministral3", directory.resolve("ministral3"));
        ObjectNode config = family.config();
        ((ObjectNode) config.get("rope_parameters")).remove("rope_theta");
        assertThat(read(family.withConfig(config)).rotaries())
                .extracting(Rotary::theta)
                .containsExactly(10_000.0);
    }

    /** So it is in transformers 5.24 (standardize_rope_params). */
    @ParameterizedTest
    @CsvSource({"llama3.1, rope_scaling", "ministral3, rope_parameters"})
    void the_context_before_that_the_whole_file_says_counts_first(String name, String part) {
        EditedFamily family = EditedFamily.copy(name, directory.resolve(name));
        Decoder original = read(family);
        ObjectNode inside = family.config();
        ((ObjectNode) inside.get(part)).put("original_max_position_embeddings", 16);
        Decoder expected = read(family.withConfig(inside));
        assertThat(expected).isNotEqualTo(original);
        family.with("original_max_position_embeddings", NODES.numberNode(16));
        assertThat(read(family)).isEqualTo(expected);
        assertThat(Sources.SHIPPED.open(family.directory()).notes()).isEmpty();
    }

    /** And so it is where nothing asks for it, or kinds of layers have rope_parameters of their own. */
    @Test
    void elsewhere_it_changes_nothing_and_is_listed() {
        EditedFamily family = EditedFamily.copy("llama2", directory.resolve("llama2"));
        Decoder original = read(family);
        family.with("original_max_position_embeddings", NODES.numberNode(16));
        assertThat(read(family)).isEqualTo(original);
        assertThat(Sources.SHIPPED.open(family.directory()).notes())
                .singleElement()
                .asString()
                .endsWith("change nothing: original_max_position_embeddings");
    }

    /** 1 at every position: YaRN without a context before has the whole one for it. */
    @Test
    void a_temperature_of_no_weight_or_within_the_context_before_is_none() {
        EditedFamily family = EditedFamily.copy("ministral3", directory.resolve("ministral3"));
        assertThat(read(family).temperatures()).isNotEmpty();
        ObjectNode idle = family.config();
        ((ObjectNode) idle.get("rope_parameters")).put("llama_4_scaling_beta", 0);
        assertThat(read(family.withConfig(idle)).temperatures()).isEmpty();
        ObjectNode within = family.config();
        ((ObjectNode) within.get("rope_parameters")).remove("original_max_position_embeddings");
        assertThat(read(family.withConfig(within)).temperatures()).isEmpty();
    }

    /** transformers fails where it multiplies. */
    @Test
    void a_temperature_that_nothing_is_said_of_is_refused() {
        EditedFamily family = EditedFamily.copy("ministral3", directory.resolve("ministral3"));
        ObjectNode config = family.config();
        ObjectNode options = (ObjectNode) config.get("rope_parameters");
        assertThat(refused(family.withConfig(config.set("rope_parameters", options.putNull("llama_4_scaling_beta")))))
                .contains("rope_parameters.llama_4_scaling_beta", "the key is missing");
        options.remove("llama_4_scaling_beta");
        assertThat(refused(family.withConfig(config))).contains("rope_parameters.llama_4_scaling_beta");
        options.put("llama_4_scaling_beta", 0.1).put("type", "default").put("rope_type", "default");
        options.remove("original_max_position_embeddings");
        assertThat(refused(family.withConfig(config))).contains("rope_parameters.original_max_position_embeddings");
    }

    private static Decoder read(EditedFamily family) {
        return Sources.SHIPPED.open(family.directory()).decoder();
    }

    private static String refused(EditedFamily family) {
        try {
            Sources.SHIPPED.open(family.directory());
        } catch (TwofoldException e) {
            assertThat(e.kind()).isEqualTo(Kind.INPUT);
            return e.getMessage();
        }
        throw new AssertionError("accepted");
    }
}
