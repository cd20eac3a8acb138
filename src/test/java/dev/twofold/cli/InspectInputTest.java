package dev.twofold.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts, directories and checkpoints that inspect cannot use, or only just. */
final class InspectInputTest {

    @TempDir
    private Path directory;

    private Path checkpoint;
    private Path text;
    private Path report;

    @BeforeEach
    void write() throws IOException {
        checkpoint = TinyLlama.create().words().write(directory.resolve("checkpoint"));
        text = Files.writeString(directory.resolve("text.txt"), TinyLlama.text(300, 1));
        report = directory.resolve("report");
    }

    private CommandRun inspect(Object... more) {
        List<Object> arguments = new ArrayList<>(
                List.of("inspect", checkpoint, "-o", report, "--text", text, "--cache", "none", "--group", 2));
        arguments.addAll(Arrays.asList(more));
        return CommandRun.of(arguments.toArray());
    }

    /** Runs a command that must fail with one message and leave nothing behind. */
    private String refused(int exit, Object... more) {
        boolean existed = Files.exists(report);
        CommandRun run = inspect(more);
        assertThat(run.exitCode()).as(run.err()).isEqualTo(exit);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains("twofold: ").doesNotContain("\tat ", "Exception");
        assertThat(Files.exists(report)).isEqualTo(existed);
        return run.err();
    }

    private JsonNode inspected(Object... more) {
        CommandRun run = inspect(more);
        assertThat(run.exitCode()).as(run.err()).isZero();
        return run.json();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " \n", "w5"})
    void a_text_of_less_than_two_tokens_is_too_short(String content) throws IOException {
        Files.writeString(text, content);
        assertThat(refused(Main.INPUT)).contains("the text is too short", text.toString(), "expected: 2 or more");
    }

    @Test
    void a_text_that_is_not_utf_8_is_refused() throws IOException {
        Files.write(text, "na\u00efve".getBytes(StandardCharsets.ISO_8859_1));
        assertThat(refused(Main.INPUT)).contains("not UTF-8 text", text.toString());
    }

    @Test
    void a_text_that_is_missing_or_a_directory_is_refused() throws IOException {
        Files.delete(text);
        assertThat(refused(Main.INPUT)).contains("the file is missing", text.toString());
        Files.createDirectory(text);
        assertThat(refused(Main.INPUT)).contains("not a regular file", text.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-5", "many", "99999999999"})
    void a_number_of_tokens_that_is_none_is_misuse(String tokens) {
        assertThat(refused(Main.USAGE, "--tokens", tokens)).contains("--tokens");
    }

    @Test
    void groups_of_one_are_misuse() {
        CommandRun run = CommandRun.of("inspect", checkpoint, "--group", 1);
        assertThat(run.exitCode()).isEqualTo(Main.USAGE);
        assertThat(run.err()).contains("--group should be 2 or more");
    }

    @Test
    void a_text_shorter_than_asked_for_is_measured_whole_and_that_is_said() {
        CommandRun run = inspect("--format", "json");
        assertThat(run.err()).contains("only 299 tokens to predict, not 4096", "299 tokens of ");
        assertThat(run.json().at("/measurement/tokens").asInt()).isEqualTo(299);
        assertThat(run.json().has("heldOut")).isFalse();
        assertThat(run.err()).contains("too little of the text is left");
    }

    @Test
    void what_follows_the_measured_tokens_checks_the_choice() throws IOException {
        Files.writeString(text, TinyLlama.text(1200, 1));
        JsonNode document = inspected("--tokens", 100, "--format", "json");
        assertThat(document.at("/measurement/tokens").asInt()).isEqualTo(100);
        assertThat(document.at("/heldOut/tokens").asInt()).isEqualTo(100);
        assertThat(document.at("/heldOut/baseLoss")).isNotEqualTo(document.at("/measurement/baseLoss"));
        assertThat(document.at("/plans/0/heldOutLoss").isNumber()).isTrue();
    }

    @Test
    void windows_are_as_long_as_the_context_if_that_is_short() throws IOException {
        TinyLlama.create().words().set("max_position_embeddings", "24").write(checkpoint);
        JsonNode document = inspected("--tokens", 60, "--format", "json");
        assertThat(document.at("/measurement/window").asInt()).isEqualTo(24);
        assertThat(document.at("/measurement/tokens").asInt()).isEqualTo(60);
        assertThat(document.at("/pairs/0/standardError").isNumber()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 50, 256})
    void a_single_window_has_no_error_and_still_makes_a_report(int tokens) throws IOException {
        CommandRun table = inspect("--tokens", tokens);
        assertThat(table.exitCode()).as(table.err()).isZero();
        assertThat(table.out()).doesNotContain("NaN", "Infinity", "null", "+-");
        JsonNode document = inspected("--tokens", tokens, "--format", "json");
        assertThat(document.toString()).doesNotContain("NaN", "Infinity");
        for (String key : List.of("pairs", "plans", "windows")) {
            assertThat(document.get(key))
                    .isNotEmpty()
                    .allMatch(entry -> entry.get("standardError").isNull());
        }
        assertThat(document.at("/cka/2/2").isNull()).isEqualTo(tokens < 4);
        assertThat(document.at("/similarity/2/2").asDouble()).isEqualTo(1.0);
        assertThat(report.resolve("report.html")).content().contains("\"standardError\":null");
    }

    @Test
    void a_model_without_two_layers_has_nothing_to_pair() throws IOException {
        checkpoint = TinyLlama.deep(1, 1).words().write(directory.resolve("single"));
        assertThat(refused(Main.INPUT)).contains("nothing to run side by side", "1 layer");
    }

    @Test
    void two_layers_can_be_one_pair() throws IOException {
        checkpoint = TinyLlama.deep(2, 1).words().write(directory.resolve("two"));
        JsonNode document = inspected("--format", "json");
        assertThat(document.get("plans")).hasSize(1);
        assertThat(document.at("/plans/0/pairs").toString()).isEqualTo("[[0,1]]");
        assertThat(document.at("/plans/0/effectiveDepth").asInt()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"model.norm.weight", "model.embed_tokens.weight"})
    void a_model_that_computes_no_finite_numbers_is_refused(String tensor) throws IOException {
        TinyLlama.create()
                .words()
                .change(tensor, values -> Arrays.fill(values, Float.NaN))
                .write(checkpoint);
        assertThat(inspect("--quiet").exitCode()).isEqualTo(Main.INPUT);
        assertThat(inspect("--quiet").err()).contains("something else than finite numbers", checkpoint.toString());
        assertThat(report.resolve("report.html")).doesNotExist();
    }

    @Test
    void a_token_that_the_model_lacks_is_refused() throws IOException {
        String tokenizer = Files.readString(checkpoint.resolve("tokenizer.json"));
        Files.writeString(checkpoint.resolve("tokenizer.json"), tokenizer.replace("\"w5\" : 5,", "\"w5\" : 128,"));
        Files.writeString(text, "w4 w5 w6");
        assertThat(refused(Main.INPUT)).contains("tokens that the model does not have", "token 128");
    }
}
