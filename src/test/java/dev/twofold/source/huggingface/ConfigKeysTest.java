package dev.twofold.source.huggingface;

import static dev.twofold.source.huggingface.TinyCheckpoint.tiny;
import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.decoder.Decoder;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which keys config.json must have, may have and must not have, and of what type. */
final class ConfigKeysTest {

    @TempDir
    private Path directory;

    private TinyCheckpoint checkpoint = new TinyCheckpoint(Path.of(""));

    @BeforeEach
    void create() {
        checkpoint = new TinyCheckpoint(directory);
    }

    @ParameterizedTest
    @CsvSource({"t5", "LLAMA", "llama5", "''"})
    void refuses_an_unknown_model_type_by_name(String family) throws IOException {
        assertThat(checkpoint.refused(tiny().set("model_type", "\"" + family + "\"")))
                .hasMessageContaining("config.json, key model_type")
                .hasMessageContaining("found:    " + family);
    }

    @Test
    void refuses_a_config_without_model_type() throws IOException {
        assertThat(checkpoint.refused(tiny().unset("model_type"))).hasMessageContaining("no model_type");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hidden_size",
                "num_hidden_layers",
                "num_attention_heads",
                "intermediate_size",
                "vocab_size",
                "max_position_embeddings"
            })
    void refuses_a_config_that_lacks_a_key(String key) throws IOException {
        assertThat(checkpoint.refused(tiny().unset(key)))
                .hasMessageContaining("config.json, key " + key)
                .hasMessageContaining("the key is missing");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model_type|3",
                "hidden_size|\"64\"",
                "hidden_size|64.5",
                "hidden_size|-64",
                "hidden_size|0",
                "hidden_size|[64]",
                "hidden_size|[64, 32]",
                "num_hidden_layers|true",
                "num_attention_heads|99999999999",
                "rms_norm_eps|\"1e-5\"",
                "rms_norm_eps|0",
                "rms_norm_eps|-1e-5",
                "rms_norm_eps|1e999",
                "rope_theta|0",
                "rope_theta|\"10000\"",
                "tie_word_embeddings|\"true\"",
                "tie_word_embeddings|1",
                "attention_bias|0",
                "mlp_bias|\"false\"",
                "hidden_act|1",
                "hidden_act|\"gelu\"",
                "bos_token_id|128",
                "eos_token_id|[2, 128]",
                "eos_token_id|[[2]]",
                "eos_token_id|\"2\"",
                "eos_token_id|2.0",
                "rope_scaling|3",
                "quantization_config|true"
            })
    void refuses_a_value_of_the_wrong_type_or_range(String key, String value) throws IOException {
        assertThat(checkpoint.refused(tiny().set(key, value))).hasMessageContaining("config.json, key " + key);
    }

    @Test
    void refuses_other_quantised_checkpoints_and_those_with_their_own_code() throws IOException {
        assertThat(checkpoint.refused(tiny().set("quantization_config", "{\"quant_method\": \"quip\", \"bits\": 2}")))
                .hasMessageContaining("key quantization_config.quant_method")
                .hasMessageContaining("quip");
        assertThat(checkpoint.refused(tiny().set("auto_map", "{\"AutoModelForCausalLM\": \"modeling.Evil\"}")))
                .hasMessageContaining("auto_map");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "partial_rotary_factor|0.5",
                "rope_interleaved|true",
                "use_bidirectional_attention|true",
                "is_causal|false"
            })
    void refuses_an_option_that_changes_something_by_name(String key, String value) throws IOException {
        assertThat(checkpoint.refused(tiny().set(key, value)))
                .hasMessageContaining("config.json, key " + key)
                .hasMessageContaining("not supported");
    }

    @Test
    void a_list_of_kinds_that_the_familys_class_does_not_read_changes_nothing() throws IOException {
        assertThat(checkpoint
                        .read(tiny().set("layer_types", "[\"full_attention\", \"sliding_attention\"]"))
                        .steps())
                .isEqualTo(checkpoint.read(tiny()).steps());
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "[]", "{}"})
    void accepts_an_unknown_option_that_says_nothing(String value) throws IOException {
        assertThat(checkpoint.read(tiny().set("sliding_window", value)).steps()).hasSize(8);
    }

    @Test
    void accepts_options_that_do_not_change_the_computation() throws IOException {
        Decoder decoder = checkpoint.read(tiny().set("torch_dtype", "\"bfloat16\"")
                .set("transformers_version", "\"4.46.0\"")
                .set("use_cache", "true")
                .set("initializer_range", "0.02")
                .set("pad_token_id", "0")
                .set("attention_dropout", "0.0"));
        assertThat(decoder.steps()).hasSize(8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "null", "{\"a\": 1, \"a\": 2}", "{} {}", "{\"a\": NAN}", "{'a': 1}"})
    void refuses_a_config_that_is_not_one_json_object(String text) throws IOException {
        assertThat(checkpoint.refused(tiny().file("config.json", text))).hasMessageContaining("config.json");
    }
}
