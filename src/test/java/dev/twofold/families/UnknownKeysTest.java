package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.checkpoint.RopeRange;
import dev.twofold.decoder.Decoder;
import dev.twofold.diag.TwofoldException;
import dev.twofold.diag.TwofoldException.Kind;
import dev.twofold.family.ClassKeys;
import dev.twofold.family.Families;
import dev.twofold.pipeline.Sources;
import dev.twofold.source.Source;
import dev.twofold.source.SourceOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys of config.json that the description of a family does not mention. */
final class UnknownKeysTest {

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** Families that transformers has no code for. */
    private static final Set<String> OWN_CODE = Set.of("internlm2", "minicpm");

    @TempDir
    private Path directory;

    static Stream<String> families() {
        return TinyFamilies.names().stream();
    }

    /** Whatever its value is: an unknown false may switch off what is on by default. */
    @ParameterizedTest
    @MethodSource("families")
    void a_key_that_no_class_reads_changes_nothing_and_is_listed(String name) {
        EditedFamily family = EditedFamily.copy(name, directory.resolve(name));
        Decoder original = Sources.SHIPPED.open(family.directory()).decoder();
        for (JsonNode value : List.of(NODES.numberNode(4), NODES.booleanNode(true), NODES.booleanNode(false))) {
            family.with("attention_sink_size", value);
            if (OWN_CODE.contains(name)) {
                // There is no class of transformers to compare with.
                assertThat(refused(family)).contains("attention_sink_size");
                continue;
            }
            Source source = Sources.SHIPPED.open(family.directory());
            assertThat(source.decoder()).isEqualTo(original);
            assertThat(source.notes()).anyMatch(note -> note.endsWith("change nothing: attention_sink_size"));
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void every_key_that_the_familys_class_reads_is_known(String name) {
        EditedFamily family = EditedFamily.copy(name, directory.resolve(name));
        String modelType = family.config().path("model_type").asText();
        ClassKeys table = Families.classKeys();
        assertThat(table.knows(modelType)).isEqualTo(!OWN_CODE.contains(modelType));
        Set<String> keys = table.knows(modelType) ? table.of(modelType) : Set.of();
        List<String> notKnown = new ArrayList<>();
        for (String key : keys) {
            if (family.config().has(key)) {
                continue;
            }
            // A value of no kind that any key has: one that is read or refused says so, one that is harmless does not.
            family.with(key, NODES.objectNode().put("no", "value"));
            if (family(family).contains("this option is not supported\n")) {
                notKnown.add(key);
            }
        }
        assertThat(notKnown).isEmpty();
    }

    private static String family(EditedFamily family) {
        try {
            return String.join("\n", Sources.SHIPPED.open(family.directory()).notes());
        } catch (TwofoldException e) {
            return e.getMessage() + "\n";
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"5.24.1", "5.25.0.dev0", "6.0"})
    void a_key_of_a_later_release_is_refused_unless_it_is_ignored(String version) {
        EditedFamily family = EditedFamily.copy("llama2", directory.resolve("llama2"));
        ObjectNode config = family.config().put("transformers_version", version).put("attention_sink_size", 4);
        assertThat(refused(family.withConfig(config)))
                .contains("attention_sink_size", "newer than 5.24.0", "--ignore-key attention_sink_size");
        SourceOptions ignoring = new SourceOptions(Optional.empty(), Set.of("attention_sink_size"), RopeRange.SHORT);
        assertThat(Sources.SHIPPED.open(family.directory(), ignoring).notes()).isEmpty();
        family.withConfig(config.put("transformers_version", "5.24.0"));
        assertThat(Sources.SHIPPED.open(family.directory()).notes()).hasSize(1);
    }

    @Test
    void a_manifest_may_ignore_a_key_that_is_known_by_now() {
        EditedFamily family = EditedFamily.copy("llama2", directory.resolve("llama2"));
        assertThat(refusedIgnoring(family, "rms_norm_eps")).contains("there is nothing to ignore");
        SourceOptions repeated = SourceOptions.NONE.and(Map.of("ignore-key", "rms_norm_eps"));
        Source source = Sources.SHIPPED.open(family.directory(), repeated);
        assertThat(source.notes()).singleElement().asString().contains("rms_norm_eps", "it is known now");
        assertThat(source.decoder())
                .isEqualTo(Sources.SHIPPED.open(family.directory()).decoder());
    }

    @Test
    void a_second_name_that_is_null_says_nothing() {
        EditedFamily family = EditedFamily.copy("opt", directory.resolve("opt"));
        Decoder decoder = Sources.SHIPPED.open(family.directory()).decoder();
        family.withConfig(family.config().putNull("word_embed_proj_dim"));
        assertThat(Sources.SHIPPED.open(family.directory()).decoder()).isEqualTo(decoder);
        family.withConfig(family.config().put("word_embed_proj_dim", 8));
        assertThat(refused(family)).contains("word_embed_proj_dim", "another value");
    }

    @Test
    void a_key_beside_code_of_the_checkpoints_own_is_refused_unless_both_are_ignored() {
        EditedFamily family = EditedFamily.copy("llama2", directory.resolve("llama2"));
        ObjectNode config = family.config().put("attention_sink_size", 4);
        config.putObject("auto_map").put("AutoModelForCausalLM", "modeling.Own");
        family.withConfig(config);
        assertThat(refused(family)).contains("auto_map");
        assertThat(refusedIgnoring(family, "auto_map")).contains("attention_sink_size", "its own code");
        SourceOptions both =
                new SourceOptions(Optional.empty(), Set.of("auto_map", "attention_sink_size"), RopeRange.SHORT);
        assertThat(Sources.SHIPPED.open(family.directory(), both).decoder().steps())
                .hasSize(8);
        config.putObject("auto_map").put("AutoTokenizer", "tokenization.Own");
        family.withConfig(config);
        assertThat(Sources.SHIPPED.open(family.directory()).notes()).hasSize(1);
    }

    @Test
    void keys_that_are_not_unknown_cannot_be_ignored() {
        EditedFamily family = EditedFamily.copy("qwen2", directory.resolve("qwen2"));
        assertThat(refusedIgnoring(family, "rope_theta")).contains("there is nothing to ignore");
        assertThat(refusedIgnoring(family.with("use_mrope", NODES.booleanNode(true)), "use_mrope"))
                .contains("positions would have three parts");
    }

    /** Found in real checkpoints. */
    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiter = ';',
            value = {
                "{`_model_name_or_path`: `x`}; _model_name_or_path",
                "{`unk_token_id`: 0}; unk_token_id",
                "{`dual_chunk_attention_config`: null}; ",
                "{`finetuned`: true, `rope_scaling`: {`type`: `yarn`, `factor`: 4.0, `attn_factor`: 1, `finetuned`: true}}; finetuned, rope_scaling.attn_factor, rope_scaling.finetuned",
                "{`use_parallel_residual`: false, `qk_layernorm`: false}; qk_layernorm, use_parallel_residual"
            })
    void keys_of_other_tools_and_families_are_listed(String keys, String listed) throws JsonProcessingException {
        EditedFamily family = EditedFamily.copy("qwen2", directory.resolve("qwen2"));
        ObjectNode config = family.config();
        config.setAll((ObjectNode) new ObjectMapper().readTree(keys.replace('`', '"')));
        List<String> notes =
                Sources.SHIPPED.open(family.withConfig(config).directory()).notes();
        if (listed == null) {
            assertThat(notes).isEmpty();
        } else {
            assertThat(notes).singleElement().asString().endsWith("change nothing: " + listed);
        }
    }

    private static String refusedIgnoring(EditedFamily family, String key) {
        SourceOptions options = new SourceOptions(Optional.empty(), Set.of(key), RopeRange.SHORT);
        return String.valueOf(
                catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(family.directory(), options))
                        .getMessage());
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
