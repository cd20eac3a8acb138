package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.checkpoint.ConfigFile;
import dev.twofold.checkpoint.TextPart;
import dev.twofold.cli.CommandRun;
import dev.twofold.decoder.Temperature;
import dev.twofold.diag.TwofoldException;
import dev.twofold.pipeline.Sources;
import dev.twofold.source.Source;
import dev.twofold.testing.Logits;
import dev.twofold.testing.StoredTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models of text and images, whose language model alone is read: what transformers makes of text with the whole. */
final class TextPartsTest {

    private static final Path ROOT = Path.of("testmodels", "text-parts");

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({
        "gemma3, gemma3_text, ort",
        "mistral3, mistral, onnx",
        "qwen2_vl, qwen2_vl_text, ort",
        "qwen2_5_vl, qwen2_5_vl_text, ort",
        "qwen3_vl, qwen3_vl_text, onnx",
        "qwen3_vl_moe, qwen3_vl_moe_text, ort",
        "llava, llama, ort",
        "llava_next, mistral, onnx",
        "llava_onevision, qwen2, ort",
        "smolvlm, llama, onnx",
        "idefics3, llama, ort",
        "internvl, qwen2, onnx",
        "aya_vision, cohere2, ort",
        "llama4, llama4_text, ort"
    })
    void the_language_model_makes_of_text_what_the_whole_does(String name, String type, String dialect)
            throws IOException {
        Path checkpoint = ROOT.resolve(name);
        Path output = directory.resolve("out");
        CommandRun run =
                CommandRun.succeeding("convert", checkpoint, "-o", output, "--window", "0:0", "--dialect", dialect);
        assertThat(run.err())
                .contains("note: of this model of text and images (" + name + ") the language model alone is read ("
                        + type + ")");
        StoredTensors golden = StoredTensors.of(Files.readAllBytes(checkpoint.resolve("golden.safetensors")));
        assertThat(Logits.distance(Logits.of(output, golden.ids("tokens")), golden.floats("logits")))
                .isLessThan(1e-4);
    }

    /** As transformers 4 saved it, whose class had no default that the class of the whole has now. */
    @Test
    void a_head_that_is_stored_is_the_head_where_only_the_class_of_the_whole_ties_it() throws IOException {
        Source source = with("mistral3", "{`tie_word_embeddings`: null}");
        assertThat(source.decoder().tied()).isFalse();
        assertThat(with("internvl", "{}").decoder().tied()).isTrue();
    }

    /** As transformers 5.24 has it: four classes of wholes take a yes of their part, and one part says yes by default in vain. */
    @ParameterizedTest
    @CsvSource({
        "llava, false, true, true",
        "llava_onevision, false, true, true",
        "qwen2_vl, false, true, true",
        "qwen2_5_vl, false, true, true",
        "qwen2_5_vl, true, false, true",
        "llava_next, false, true, false",
        "idefics3, false, true, false",
        "smolvlm, false, true, false",
        "qwen3_vl, false, true, false",
        "qwen3_vl, true, false, true",
        "qwen3_vl, , true, true",
        "qwen3_vl_moe, false, true, false",
        "qwen3_vl_moe, , true, false",
        "qwen3_vl_moe, true, , true",
        "gemma3, false, true, false",
        "gemma3, , false, true",
        "llama4, false, true, true",
        "llama4, true, , false",
        "llama4, true, false, false",
    })
    void whether_the_head_is_the_embedding_is_for_the_whole_to_say_or_to_ask(
            String whole, @Nullable Boolean outer, @Nullable Boolean inner, boolean expected) {
        assertThat(tied(whole, outer, inner, Optional.of(Set.of("model.embed_tokens.weight"))))
                .contains(expected);
    }

    /** Its default says nothing of a checkpoint that transformers 4 saved, most of which have a head of their own. */
    @ParameterizedTest
    @CsvSource({"mistral3, , ", "internvl, false, false", "gemma3, , ", "aya_vision, true, true"})
    void the_class_of_the_whole_ties_no_head_of_which_only_the_configuration_is_known(
            String whole, @Nullable Boolean inner, @Nullable Boolean expected) {
        assertThat(tied(whole, null, inner, Optional.empty())).isEqualTo(Optional.ofNullable(expected));
    }

    @ParameterizedTest
    @CsvSource({
        "lm_head.weight, false",
        "language_model.lm_head.qweight, false",
        "lm_head.weight_packed, false",
        "model.embed_tokens.weight, true"
    })
    void a_head_is_stored_whatever_its_numbers_are_called(String tensor, boolean tied) {
        Optional<Boolean> expected = Optional.of(true).filter(flag -> tied);
        assertThat(tied("internvl", null, null, Optional.of(Set.of(tensor)))).isEqualTo(expected);
    }

    @Test
    void a_configuration_alone_tells_the_size_of_a_head() throws IOException {
        with("mistral3", "{`tie_word_embeddings`: null}");
        assertThat(Sources.SHIPPED.describe(directory).tied()).isFalse();
        with("gemma3", "{}");
        assertThat(Sources.SHIPPED.describe(directory).tied()).isTrue();
    }

    private static Optional<Boolean> tied(
            String whole, @Nullable Boolean outer, @Nullable Boolean inner, Optional<Set<String>> tensors) {
        ObjectNode config = JsonNodeFactory.instance.objectNode().put("model_type", whole);
        ObjectNode part = config.putObject("text_config");
        if (outer != null) {
            config.put("tie_word_embeddings", outer);
        }
        if (inner != null) {
            part.put("tie_word_embeddings", inner);
        }
        ConfigFile file = ConfigFile.of(Path.of("config.json"), UnaryOperator.identity(), config);
        return TextPart.of(file, tensors).orElseThrow().config().flagIfPresent("tie_word_embeddings");
    }

    /** The classes of four wholes ask the class of their part, which may say yes where no file says anything. */
    @ParameterizedTest
    @CsvSource({
        "llava, gemma, false, true",
        "llava, cohere, false, true",
        "llava, gemma2, , true",
        "llava, llama, false, false",
        "llava_onevision, gemma, false, true",
        "llava_next, gemma, false, false",
        "llava, unheard_of, false, false"
    })
    void the_class_of_a_part_that_says_nothing_is_asked(
            String whole, String text, @Nullable Boolean outer, boolean expected) {
        ObjectNode config = JsonNodeFactory.instance.objectNode().put("model_type", whole);
        config.putObject("text_config").put("model_type", text);
        if (outer != null) {
            config.put("tie_word_embeddings", outer);
        }
        ConfigFile file = ConfigFile.of(Path.of("config.json"), UnaryOperator.identity(), config);
        assertThat(TextPart.of(file, Optional.empty()).orElseThrow().config().flagIfPresent("tie_word_embeddings"))
                .contains(expected);
    }

    /** The tensors of Mistral under another type, as of Ministral 3. */
    @Test
    void the_type_that_a_part_says_is_the_one_it_is_read_by() throws IOException {
        String text =
                "{`text_config`: {`model_type`: `ministral3`, `hidden_size`: 48, `head_dim`: 16, `num_hidden_layers`: 4, "
                        + "`num_attention_heads`: 4, `num_key_value_heads`: 2, `intermediate_size`: 48, `vocab_size`: 136, "
                        + "`max_position_embeddings`: 256, `rope_parameters`: {`rope_type`: `yarn`, `rope_theta`: 1000000.0, "
                        + "`factor`: 16.0, `original_max_position_embeddings`: 16, `mscale`: 1.0, `mscale_all_dim`: 1.0, "
                        + "`llama_4_scaling_beta`: 0.1}}}";
        assertThat(with("mistral3", text).decoder().temperatures()).containsExactly(new Temperature(0.1, 16, 0, 256));
        // Within the original context it is 1.
        String within = text.replace("embeddings`: 16", "embeddings`: 256").replace("`factor`: 16.0", "`factor`: 1.0");
        assertThat(with("mistral3", within).decoder().temperatures()).isEmpty();
    }

    private Source with(String name, String keys) throws IOException {
        ObjectMapper json = new ObjectMapper();
        for (String file : new String[] {"model.safetensors", "tokenizer.json"}) {
            Files.copy(ROOT.resolve(name).resolve(file), directory.resolve(file), StandardCopyOption.REPLACE_EXISTING);
        }
        ObjectNode config = (ObjectNode)
                json.readTree(ROOT.resolve(name).resolve("config.json").toFile());
        config.setAll((ObjectNode) json.readTree(keys.replace('`', '"')));
        json.writeValue(directory.resolve("config.json").toFile(), config);
        return Sources.SHIPPED.open(directory);
    }

    @Test
    void what_the_whole_says_of_ends_and_heads_counts() throws IOException {
        assertThat(with("gemma3", "{`eos_token_id`: [1, 106]}")
                        .decoder()
                        .facts()
                        .endTokens())
                .containsExactly(1, 106);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "mistral3; {`model_type`: `gemma3n`}; gemma3, idefics3, internvl, llama4, llava, llava_next, llava_onevision, mistral3",
                "mistral3; {`model_type`: `paligemma`}; tokens of a prompt see those after them",
                "llava; {`text_config`: {`model_type`: `llama`}}; [32000, 4096] from config.json",
                "llava; {`text_config`: {`model_type`: `biogpt`}}; biogpt",
                "mistral3; {`tie_word_embeddings`: true}; lm_head.weight",
                "gemma3; {`text_config`: {`model_type`: `gemma3_text`, `hidden_size`: 0}}; text_config.hidden_size",
                "mistral3; {`text_config`: {`model_type`: `ministral3`}}; rope_parameters",
                "mistral3; {`text_config`: {`model_type`: `mamba2`}}; mamba2",
            })
    void others_are_refused_by_name(String name, String keys, String expected) {
        assertThatThrownBy(() -> with(name, keys))
                .isInstanceOf(TwofoldException.class)
                .hasMessageContaining(expected);
    }
}
