package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.cli.CommandRun;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Converting with layers that are chosen by measuring. */
final class ConvertChoiceTest {

    @TempDir
    private Path directory;

    private Path checkpoint;
    private Path text;
    private Path output;

    @BeforeEach
    void write() throws IOException {
        checkpoint = TinyLlama.create().words().write(directory.resolve("checkpoint"));
        text = Files.writeString(directory.resolve("text.txt"), TinyLlama.text(1500, 1));
        output = directory.resolve("output");
    }

    private CommandRun convert(String options) {
        List<Object> arguments = new ArrayList<>(List.of(
                "convert", checkpoint, "-o", output, "--text", text, "--cache", "none", "--format", "json", "--force"));
        if (!options.contains("--tokens")) {
            arguments.addAll(List.of("--tokens", 100));
        }
        if (!options.isEmpty()) {
            arguments.addAll(List.of(options.split(" ")));
        }
        return CommandRun.of(arguments.toArray());
    }

    private JsonNode converted(String options) {
        CommandRun run = convert(options);
        assertThat(run.exitCode()).as(run.err()).isZero();
        return run.json();
    }

    private String pipeline(String yaml) throws IOException {
        return "--pipeline " + Files.writeString(directory.resolve("plan.yaml"), yaml);
    }

    private JsonNode plan() throws IOException {
        return new ObjectMapper()
                .readTree(output.resolve("twofold.json").toFile())
                .get("plan");
    }

    @Test
    void without_any_plan_the_perplexity_rises_by_one_percent_at_most() {
        JsonNode report = converted("");
        JsonNode choice = report.get("choice");
        assertThat(choice.get("maxLoss").asDouble()).isEqualTo(0.01);
        assertThat(choice.get("text").asText()).isEqualTo(text.toString());
        assertThat(choice.get("tokens").asInt()).isEqualTo(100);
        assertThat(choice.get("predictedLoss").isNumber()).isTrue();
        double rise = Math.expm1(
                choice.get("measuredLoss").asDouble() - choice.get("baseLoss").asDouble());
        assertThat(choice.get("perplexityIncrease").asDouble())
                .isCloseTo(rise, within(1e-12))
                .isLessThanOrEqualTo(0.01);
        assertThat(choice.at("/heldOut/perplexityIncrease").asDouble()).isLessThanOrEqualTo(0.01);
        assertThat(choice.at("/heldOut/tokens").asInt()).isEqualTo(100);
    }

    @Test
    void the_manifest_holds_what_was_chosen_so_that_it_is_not_chosen_again() throws IOException {
        JsonNode report = converted("--depth 3");
        JsonNode pair = report.get("pairs").get(0);
        assertThat(plan().toString()).doesNotContain("choose-pairs");
        assertThat(plan().at("/0/pair-layers/pairs/0").asText()).isEqualTo(pair.get(0) + "-" + pair.get(1));
        CommandRun validation = CommandRun.succeeding(
                "validate", output, "--against", checkpoint, "--text", text, "--tokens", 100, "--format", "json");
        assertThat(validation.err()).doesNotContain("running the original", "costs of groups");
        assertThat(validation.json().get("passed").asBoolean()).isTrue();
        assertThat(validation.json().at("/quality/loss").asDouble())
                .isCloseTo(report.at("/choice/measuredLoss").asDouble(), within(1e-5));
        assertThat(validation.json().at("/quality/baseLoss").asDouble())
                .isCloseTo(report.at("/choice/baseLoss").asDouble(), within(1e-5));
    }

    @ParameterizedTest
    @CsvSource({"1, 4", "2, 2", "2, 3", "3, 2", "3, 4", "4, 4"})
    void a_depth_is_reached(int depth, int group) {
        JsonNode report = converted("--depth " + depth + " --group " + group);
        assertThat(report.get("effectiveDepth").asInt()).isEqualTo(depth);
        assertThat(report.at("/choice/depth").asInt()).isEqualTo(depth);
        assertThat(report.at("/choice").has("maxLoss")).isFalse();
        assertThat(report.get("pairs")).allMatch(layers -> layers.size() <= group);
    }

    @Test
    void the_depth_of_all_layers_pairs_nothing_and_measures_no_pair() throws IOException {
        CommandRun run = convert("--depth 4");
        assertThat(run.json().get("pairs")).isEmpty();
        assertThat(run.json().at("/choice/perplexityIncrease").asDouble()).isZero();
        assertThat(run.err()).doesNotContain("costs of groups");
        assertThat(plan().at("/0/pair-layers/window").asText()).isEqualTo("0:0");
    }

    @Test
    void a_model_of_one_layer_stays_as_it_is() throws IOException {
        checkpoint = TinyLlama.deep(1, 1).words().write(directory.resolve("single"));
        JsonNode report = converted("");
        assertThat(report.get("effectiveDepth").asInt()).isEqualTo(1);
        assertThat(report.get("pairs")).isEmpty();
    }

    @Test
    void the_one_sync_form_is_measured_and_made() throws IOException {
        JsonNode report = converted("--depth 3 --one-sync");
        assertThat(report.get("allReduces").asInt()).isEqualTo(5);
        assertThat(plan().at("/0/pair-layers/form").asText()).isEqualTo("one-sync");
        JsonNode inspection = CommandRun.succeeding(
                        "inspect",
                        checkpoint,
                        "--text",
                        text,
                        "--tokens",
                        100,
                        "--cache",
                        "none",
                        "--one-sync",
                        "--format",
                        "json",
                        "--quiet")
                .json();
        assertThat(inspection.at("/measurement/form").asText()).isEqualTo("one-sync");
        assertThat(inspection.at("/plans/0/measuredLoss")).isEqualTo(report.at("/choice/measuredLoss"));
        assertThat(converted("--depth 3").at("/choice/measuredLoss")).isNotEqualTo(report.at("/choice/measuredLoss"));
    }

    @Test
    void a_limit_that_every_plan_keeps_pairs_all_layers() throws IOException {
        assertThat(converted("--max-loss 1000%").get("effectiveDepth").asInt()).isEqualTo(1);
        TinyLlama tiny = TinyLlama.create().words();
        for (int layer = 0; layer < TinyLlama.LAYERS; layer++) {
            tiny.identity(layer);
        }
        tiny.write(checkpoint);
        JsonNode same = converted("--max-loss 0%");
        assertThat(same.get("effectiveDepth").asInt()).isEqualTo(1);
        assertThat(same.at("/choice/perplexityIncrease").asDouble()).isZero();
        assertThat(same.at("/choice/rejected")).isEmpty();
    }

    @Test
    void a_pipeline_can_ask_for_the_choice() throws IOException {
        JsonNode report = converted(pipeline("steps:\n  - choose-pairs: {depth: 2, group: 2}\n"
                + "  - pair-layers: {form: one-sync}\n  - fold-norms\n  - widen\n"));
        assertThat(report.get("effectiveDepth").asInt()).isEqualTo(2);
        assertThat(report.get("allReduces").asInt()).isEqualTo(2);
        assertThat(plan().toString()).doesNotContain("choose-pairs");
    }

    @Test
    void the_tokens_of_a_pipeline_yield_to_those_of_the_command_line() throws IOException {
        String pipeline = pipeline("steps:\n  - choose-pairs: {tokens: 50, depth: 3}\n  - pair-layers\n");
        assertThat(converted(pipeline + " --tokens 60").at("/choice/tokens").asInt())
                .isEqualTo(60);
        CommandRun run = CommandRun.succeeding(
                "convert",
                checkpoint,
                "-o",
                output,
                "--force",
                "--text",
                text,
                "--cache",
                "none",
                "--format",
                "json",
                "--pipeline",
                directory.resolve("plan.yaml"));
        assertThat(run.json().at("/choice/tokens").asInt()).isEqualTo(50);
    }

    @Test
    void a_dry_run_measures_and_writes_nothing() {
        JsonNode report = converted("--depth 3 --dry-run");
        assertThat(report.at("/choice/measuredLoss").isNumber()).isTrue();
        assertThat(output).doesNotExist();
    }

    @Test
    void the_choice_is_told_to_people_too() {
        String out = CommandRun.succeeding(
                        "convert",
                        checkpoint,
                        "-o",
                        output,
                        "--text",
                        text,
                        "--tokens",
                        100,
                        "--cache",
                        "none",
                        "--depth",
                        3)
                .out();
        assertThat(out)
                .contains("chosen", "the best of effective depth 3", "% predicted", "% measured on " + text)
                .doesNotContain("NaN", "null");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "--max-loss 1% --pairs 0-1 | one of --pairs",
                "--depth 3 --window 0:2 | one of --pairs",
                "--max-loss 1% --depth 3 | more than one of max-loss, depth",
                "--max-loss abc | 'abc' is not a rise of the perplexity such as 1%",
                "--max-loss 5000% | 0% to 1000%",
                "--max-loss 1 | should have a % sign, such as 1%",
                "--window 0:2 | nothing is measured on a text",
                "--depth 5 | a depth of 1 to 4",
                "--depth 0 | a depth of 1 to 4",
                "--depth 1 --group 2 | a depth of 2 to 4",
                "--depth three | --depth",
                "--group 1 | two layers or more",
                "--tokens 0 | --tokens should be 1 or more",
                "--max-loss 1% --pipeline drop-layers | the pipeline does not take --max-loss 1%"
            })
    void a_choice_that_makes_no_sense_is_misuse(String options, String reason) {
        CommandRun run = convert(options);
        assertThat(run.exitCode()).as(run.err()).isEqualTo(2);
        assertThat(run.err()).contains(reason).doesNotContain("running the original");
        assertThat(output).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "steps:\n  - fold-norms\n  - choose-pairs: {max-loss: one percent}\n  - pair-layers\n",
                "steps:\n  - pair-layers: {window: 0:2}\n  - choose-pairs: {depth: 3}\n  - pair-layers\n",
                "steps:\n  - fold-norms\n  - choose-pairs: {depth: 3}\n"
            })
    void a_pipeline_that_makes_no_sense_is_refused_with_file_and_line(String yaml) throws IOException {
        CommandRun run = convert(pipeline(yaml));
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err())
                .contains(directory.resolve("plan.yaml") + ", line 3")
                .doesNotContain("running the original");
        assertThat(output).doesNotExist();
    }

    @Test
    void layers_that_a_pipeline_rearranges_are_not_measured_in_vain() throws IOException {
        CommandRun run = convert(pipeline("steps:\n  - drop-layers: {layers: [1]}\n  - pair-layers\n"));
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("layers were rearranged before").doesNotContain("running the original");
    }

    @Test
    void flags_do_not_add_to_what_a_pipeline_says_itself() throws IOException {
        CommandRun run = convert(pipeline("steps: [choose-pairs: {depth: 3}, pair-layers]") + " --depth 2");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("the pipeline does not take --depth 2", "options of its own");
    }
}
