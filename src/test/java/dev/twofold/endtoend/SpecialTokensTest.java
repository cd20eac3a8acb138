package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.cli.CommandRun;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tokens that begin, end and fill up texts, from the four files that may name them. */
final class SpecialTokensTest {

    @TempDir
    private Path directory;

    private String said = "";

    /** What runtimes are told. */
    private JsonNode genAi(TinyLlama model) throws IOException {
        Path checkpoint = model.write(directory.resolve("checkpoint"));
        Path output = directory.resolve("model");
        said = CommandRun.succeeding("convert", checkpoint, "-o", output, "--window", "0:0", "--force")
                .err();
        return new ObjectMapper()
                .readTree(output.resolve("genai_config.json").toFile())
                .path("model");
    }

    @Test
    void the_pad_token_of_config_json_is_passed_on() throws IOException {
        assertThat(genAi(TinyLlama.create().set("pad_token_id", "3"))
                        .path("pad_token_id")
                        .asInt())
                .isEqualTo(3);
    }

    @Test
    void that_of_generation_config_json_comes_before_it() throws IOException {
        TinyLlama model =
                TinyLlama.create().set("pad_token_id", "3").file("generation_config.json", "{\"pad_token_id\": 4}");
        assertThat(genAi(model).path("pad_token_id").asInt()).isEqualTo(4);
    }

    @Test
    void a_pad_token_that_the_model_does_not_have_is_the_end_token_in_its_place() throws IOException {
        assertThat(genAi(TinyLlama.create().set("pad_token_id", "-1"))
                        .path("pad_token_id")
                        .asInt())
                .isEqualTo(2);
    }

    @Test
    void the_tokenizers_end_token_counts_where_no_configuration_names_one() throws IOException {
        TinyLlama model = TinyLlama.create()
                .words()
                .set("eos_token_id", "-1")
                .file("tokenizer_config.json", "{\"eos_token\": {\"content\": \"w7\"}}");
        assertThat(genAi(model).path("eos_token_id").asInt()).isEqualTo(7);
        assertThat(said).doesNotContain("ends a text");
        JsonNode manifest = new ObjectMapper()
                .readTree(directory.resolve("model/twofold.json").toFile());
        assertThat(manifest.path("model").path("endTokens")).hasSize(1);
    }

    @Test
    void that_there_is_none_is_said() throws IOException {
        assertThat(genAi(TinyLlama.create().words().unset("eos_token_id")).has("eos_token_id"))
                .isFalse();
        assertThat(said).contains("generation goes on to its limit");
    }

    @Test
    void another_end_token_of_the_tokenizer_is_said_too() throws IOException {
        TinyLlama model = TinyLlama.create().words().file("tokenizer_config.json", "{\"eos_token\": \"w7\"}");
        assertThat(genAi(model).path("eos_token_id").asInt()).isEqualTo(2);
        assertThat(said).contains("generation stops at 2, as in transformers, not at 7");
    }

    @Test
    void a_begin_token_of_tokenizer_json_that_tokenizer_config_json_denies_counts_and_is_said() throws IOException {
        TinyLlama model = TinyLlama.create()
                .wordsAfterBeginToken()
                .file("tokenizer_config.json", "{\"add_bos_token\": false, \"add_eos_token\": false}");
        genAi(model);
        assertThat(said).contains("tokenizer_config.json says add_bos_token false, and the post_processor");
        JsonNode report = CommandRun.succeeding(
                        "validate",
                        directory.resolve("model"),
                        "--against",
                        directory.resolve("checkpoint"),
                        "--tokens",
                        20,
                        "--format",
                        "json")
                .json();
        assertThat(report.path("beginToken").asInt()).isEqualTo(1);
    }

    @Test
    void one_that_tokenizer_config_json_asks_for_alone_is_not_added_and_said() throws IOException {
        genAi(TinyLlama.create().words().file("tokenizer_config.json", "{\"add_bos_token\": true}"));
        assertThat(said).contains("tokenizer_config.json says add_bos_token true, and the post_processor");
    }

    @Test
    void files_that_agree_are_not_talked_about() throws IOException {
        TinyLlama model = TinyLlama.create()
                .wordsAfterBeginToken()
                .file(
                        "tokenizer_config.json",
                        "{\"add_bos_token\": true, \"add_eos_token\": false, \"eos_token\": \"w2\"}");
        genAi(model);
        assertThat(said).doesNotContain("tokenizer_config.json");
    }

    @Test
    void a_tokenizer_config_that_is_no_json_is_refused_by_name() throws IOException {
        Path checkpoint =
                TinyLlama.create().file("tokenizer_config.json", "nothing").write(directory.resolve("checkpoint"));
        CommandRun run = CommandRun.of("convert", checkpoint, "-o", directory.resolve("model"), "--window", "0:0");
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err()).contains("tokenizer_config.json");
        assertThat(Files.exists(directory.resolve("model"))).isFalse();
    }
}
