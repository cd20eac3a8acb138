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

    /** Another value of these changes nothing in a trained model that runs forward, and is no reason to refuse it. */
    private static final Set<String> HARMLESS = Set.of(
            "architectures",
            "attention_dropout",
            "attn_implementation",
            "attn_pdrop",
            "auto_map",
            "cache_implementation",
            "classifier_dropout",
            "dropout",
            "embd_pdrop",
            "embed_dropout",
            "embedding_dropout",
            "for_llm_compressor",
            "gradient_checkpointing",
            "hidden_dropout",
            "init_std",
            "initializer_range",
            "layerdrop",
            "n_ctx",
            "output_router_logits",
            "pretraining_tp",
            "resid_dropout",
            "resid_pdrop",
            "residual_dropout",
            "router_aux_loss_coef",
            "router_jitter_noise",
            "summary_activation",
            "summary_first_dropout",
            "summary_proj_to_labels",
            "summary_type",
            "summary_use_proj",
            "task_specific_params",
            "torch_dtype",
            "transformers_version",
            "use_cache");

    /**
     * Transformers reads none of these for the family, or not with the other values of this config, or a window is longer
     * than the context anyway; so another value may be refused or not.
     */
    private static final Map<String, Set<String>> UNREAD = Map.ofEntries(
            Map.entry(
                    "smollm3", Set.of("no_rope_layer_interval", "layer_types", "max_window_layers", "sliding_window")),
            Map.entry("qwen2", Set.of("max_window_layers", "sliding_window", "use_sliding_window", "use_mrope")),
            Map.entry("qwen3", Set.of("max_window_layers", "sliding_window", "use_sliding_window")),
            Map.entry(
                    "qwen3_moe",
                    Set.of("max_window_layers", "sliding_window", "use_sliding_window", "intermediate_size")),
            Map.entry("qwen3_moe-dense", Set.of("max_window_layers", "sliding_window", "use_sliding_window")),
            Map.entry("arcee", Set.of("rope_scaling")),
            Map.entry("exaone4", Set.of("sliding_window_pattern")),
            Map.entry("exaone4-full", Set.of("layer_types", "sliding_window_pattern")),
            Map.entry("cwm", Set.of("layer_types")),
            Map.entry("dots1", Set.of("max_window_layers", "sliding_window")),
            // There is no tensor of such a layer here.
            Map.entry("deepseek_v3", Set.of("num_nextn_predict_layers")),
            Map.entry(
                    "minimax_m2",
                    Set.of(
                            "attn_type_list",
                            "layernorm_full_attention_beta",
                            "layernorm_linear_attention_beta",
                            "layernorm_mlp_beta",
                            "mlp_intermediate_size",
                            "mtp_transformer_layers",
                            "num_mtp_modules",
                            "shared_moe_mode",
                            "use_mtp")),
            Map.entry("glm4_moe", Set.of("num_nextn_predict_layers")),
            // The last of all layers, either way.
            Map.entry("ernie4_5_moe", Set.of("moe_layer_end_index")),
            Map.entry("falcon-40b", Set.of("apply_residual_connection_post_layernorm", "multi_query", "parallel_attn")),
            Map.entry("qwen2_moe", Set.of("max_window_layers", "sliding_window")),
            Map.entry("falcon", Set.of("apply_residual_connection_post_layernorm")),
            Map.entry("vaultgemma", Set.of("layer_types")),
            Map.entry(
                    "gpt_bigcode",
                    Set.of(
                            "attention_softmax_in_fp32",
                            "inference_runner",
                            "max_batch_size",
                            "max_sequence_length",
                            "pad_key_length",
                            "pre_allocate_kv_cache",
                            "scale_attention_softmax_in_fp32",
                            "validate_runner_input")),
            Map.entry("phi3", Set.of("attention_bias", "original_max_position_embeddings")),
            Map.entry("phi3-longrope", Set.of("attention_bias", "rope_scaling", "sliding_window")),
            Map.entry(
                    "phi4-mini",
                    Set.of(
                            "attention_bias",
                            "full_attn_mod",
                            "interpolate_factor",
                            "lm_head_bias",
                            "mlp_bias",
                            "rope_scaling",
                            "sliding_window")),
            Map.entry("gemma", Set.of("hidden_act", "hidden_activation")),
            Map.entry("gemma2", Set.of("hidden_act", "sliding_window_size")),
            Map.entry("gemma3", Set.of("attn_logit_softcapping")),
            Map.entry(
                    "starcoder2",
                    Set.of(
                            "activation_function",
                            "attention_softmax_in_fp32",
                            "layer_norm_epsilon",
                            "mlp_type",
                            "norm_type",
                            "scale_attention_softmax_in_fp32",
                            "scale_attn_weights")),
            Map.entry(
                    "cohere2",
                    Set.of(
                            "layer_switch",
                            "order_of_interleaved_layers",
                            "position_embedding_type",
                            "rotary_pct",
                            "use_embedding_sharing",
                            "use_gated_activation",
                            "use_parallel_block",
                            "use_parallel_embedding",
                            "use_qk_norm")),
            // What no class of transformers reads, as beside an alpha the rest of a rope_scaling.
            Map.entry(
                    "hunyuan_v1_dense",
                    Set.of("attention_head_dim", "cla_share_factor", "eod_token_id", "rope_scaling")),
            Map.entry("hunyuan_v1_moe", Set.of("eod_token_id", "rope_scaling")),
            // Its two words for the kind of scaling; of state spaces, and of experts where there are none.
            Map.entry("ministral3", Set.of("rope_parameters")),
            Map.entry(
                    "granitemoehybrid",
                    Set.of(
                            "init_method",
                            "intermediate_size",
                            "layer_types",
                            "mamba_chunk_size",
                            "mamba_conv_bias",
                            "mamba_d_conv",
                            "mamba_d_head",
                            "mamba_d_state",
                            "mamba_expand",
                            "mamba_n_groups",
                            "mamba_n_heads",
                            "mamba_proj_bias",
                            "num_experts_per_tok",
                            "output_router_logits",
                            "router_aux_loss_coef")),
            Map.entry("gpt_oss", Set.of("initial_context_length", "router_aux_loss_coef")),
            // Dynamic scaling acts past the context only, LongRoPE's long factors past the short range.
            Map.entry("internlm2", Set.of("rope_scaling")));

    /** Families whose tiny checkpoints transformers did not write. */
    private static final Set<String> OWN_CODE = Set.of("exaone", "internlm2");

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
        if (HARMLESS.contains(key)) {
            return Set.of(Outcome.SAME);
        }
        return UNREAD.getOrDefault(name, Set.of()).contains(key)
                ? Set.of(Outcome.values())
                : Set.of(Outcome.CHANGED, Outcome.REFUSED);
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
    @CsvSource({"mistral9, mistral", "gemma9, gemma2", "granitemoe2, granite-moe", "t5, llama", "glm9, llama"})
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
