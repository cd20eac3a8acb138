package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.decoder.Decoder;
import dev.twofold.diag.TwofoldException;
import dev.twofold.pipeline.Sources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Lists of kinds of layers, and soft caps: as the classes of transformers 5.24 read them, or do not. */
final class LayerKindsTest {

    private static final String SLIDING =
            "[\"sliding_attention\", \"full_attention\", \"full_attention\", \"full_attention\"]";

    @TempDir
    private Path directory;

    private EditedFamily changed(String name, String changes) throws IOException {
        EditedFamily family = EditedFamily.copy(
                name, Files.createTempDirectory(directory, "own").resolve("checkpoint"));
        ObjectNode config = family.config();
        config.setAll((ObjectNode) new ObjectMapper().readTree(changes));
        return family.withConfig(config);
    }

    private Decoder read(String name, String changes) throws IOException {
        return Sources.SHIPPED.open(changed(name, changes).directory()).decoder();
    }

    private String refused(String name, String changes) throws IOException {
        Path checkpoint = changed(name, changes).directory();
        return String.valueOf(catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(checkpoint))
                .getMessage());
    }

    private static List<Optional<Integer>> windows(Decoder decoder) {
        return decoder.attentions()
                .map(attention -> attention.rule().slidingWindow())
                .toList();
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "mistral; {}",
                "phi3; {}",
                "starcoder2; {}",
                "qwen3_moe; {`use_sliding_window`: true, `sliding_window`: 12}"
            },
            delimiter = ';')
    void a_class_that_reads_no_list_has_its_window_in_all_layers(String name, String changes) throws IOException {
        String all = changes.replace('`', '"')
                .replace(
                        "}",
                        (changes.equals("{}") ? "" : ", ") + "\"layer_types\": " + SLIDING.replace("sliding", "full")
                                + "}");
        assertThat(windows(read(name, all))).hasSize(4).allMatch(window -> window.equals(Optional.of(12)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen2", "qwen3"})
    void a_window_that_another_key_switches_off_is_refused(String name) throws IOException {
        assertThat(refused(name, "{\"sliding_window\": 12, \"layer_types\": " + SLIDING + "}"))
                .contains("layer_types", "use_sliding_window is false");
    }

    @Test
    void one_that_it_switches_on_is_in_the_layers_listed() throws IOException {
        String changes = "{\"sliding_window\": 12, \"use_sliding_window\": true, \"layer_types\": " + SLIDING + "}";
        assertThat(windows(read("qwen2", changes)))
                .containsExactly(Optional.of(12), Optional.empty(), Optional.empty(), Optional.empty());
    }

    @Test
    void smollm3_has_windows_where_they_are_listed() throws IOException {
        assertThat(windows(read("smollm3", "{\"sliding_window\": 12, \"layer_types\": " + SLIDING + "}")))
                .containsExactly(Optional.of(12), Optional.empty(), Optional.empty(), Optional.empty());
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "{`0`: `full_attention`}; not a list of strings",
                "[`full_attention`]; not a kind for each layer",
                "[`full_attention`, `linear_attention`, `full_attention`, `full_attention`]; linear_attention"
            },
            delimiter = ';')
    void a_list_that_is_read_is_one_of_known_kinds_for_each_layer(String list, String message) throws IOException {
        assertThat(refused("qwen2", "{\"layer_types\": " + list.replace('`', '"') + "}"))
                .contains("config.json, key layer_types", message);
    }

    /** The second list alone, as some files have it, and the first alone. */
    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '#',
            value = {
                "`attention_layers`: null, `attention_types`: [[[`global`], 3], [[`local`], 1]]; 3",
                "`attention_types`: null, `attention_layers`: [`local`, `global`, `global`, `global`]; 0"
            },
            delimiter = ';')
    void gpt_neo_has_windows_in_local_layers_of_either_list(String lists, int local) throws IOException {
        List<Optional<Integer>> windows = windows(read("gpt_neo", "{" + lists.replace('`', '"') + "}"));
        for (int layer = 0; layer < 4; layer++) {
            assertThat(windows.get(layer)).isEqualTo(layer == local ? Optional.of(12) : Optional.empty());
        }
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '#',
            value = {
                "`attention_layers`: [`global`, `global`, `global`, `local`]; other kinds of layers than attention_types says",
                "`attention_layers`: [`full_attention`, `local`, `global`, `local`]; expected: global or local",
                "`attention_layers`: [`global`]; not a kind for each layer",
                "`attention_types`: [[[`global`, `local`], 3]]; not a kind for each layer",
                "`attention_types`: [[[`global`, `local`], 2000000000]]; not a kind for each layer",
                "`attention_types`: [[`global`, 4]]; not a list of lists of strings with how often each comes"
            },
            delimiter = ';')
    void its_lists_agree_and_are_of_known_kinds_for_each_layer(String lists, String message) throws IOException {
        assertThat(refused("gpt_neo", "{" + lists.replace('`', '"') + "}")).contains(message);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '#',
            value = {
                "[`attention`, `attention`, `mamba`, `mamba`]; mamba, layer 2",
                "[`linear_attention`, `attention`, `attention`, `attention`]; linear_attention, layer 0",
                "null; the key is missing",
                "[]; the key is missing"
            },
            delimiter = ';')
    void layers_of_state_spaces_are_refused_with_the_first_of_them(String list, String message) throws IOException {
        assertThat(refused("granitemoehybrid", "{\"layer_types\": " + list.replace('`', '"') + "}"))
                .contains("config.json, key layer_types", message);
    }

    @Test
    void granite_4_has_positions_where_a_word_says_so() throws IOException {
        assertThat(read("granitemoehybrid", "{}").rotaries()).hasSize(1);
        assertThat(read("granitemoehybrid", "{\"position_embedding_type\": \"nope\"}")
                        .rotaries())
                .isEmpty();
        assertThat(read("granitemoehybrid", "{\"position_embedding_type\": null}")
                        .rotaries())
                .isEmpty();
        assertThat(refused("granitemoehybrid", "{\"position_embedding_type\": \"alibi\"}"))
                .contains("position_embedding_type", "alibi");
    }

    @Test
    void gemma_3_caps_no_scores_whatever_its_config_says() throws IOException {
        assertThat(read("gemma3", "{\"attn_logit_softcapping\": 2.0}").attentions())
                .allMatch(attention -> attention.rule().cap().isEmpty());
        assertThat(read("gemma2", "{}").attentions())
                .allMatch(attention -> attention.rule().cap().isPresent());
    }
}
