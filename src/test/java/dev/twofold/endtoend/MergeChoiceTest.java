package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
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

/** Converting with steps to merge that are chosen by measuring. */
final class MergeChoiceTest {

    @TempDir
    private Path directory;

    private Path checkpoint;
    private Path text;
    private Path output;

    @BeforeEach
    void write() throws IOException {
        checkpoint = TinyLlama.deep(6, 1).words().write(directory.resolve("checkpoint"));
        text = Files.writeString(directory.resolve("text.txt"), TinyLlama.text(6000, 1));
        output = directory.resolve("output");
    }

    private CommandRun convert(String options) {
        List<Object> arguments = new ArrayList<>(List.of(
                "convert", checkpoint, "-o", output, "--text", text, "--cache", "none", "--tokens", 256, "--force"));
        arguments.addAll(List.of(options.split(" ")));
        return CommandRun.of(arguments.toArray());
    }

    private JsonNode converted(String options) {
        CommandRun run = convert(options + " --format json");
        assertThat(run.exitCode()).as(run.err()).isZero();
        return run.json();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 8})
    void so_many_steps_are_saved_by_merging(int steps) {
        JsonNode report = converted("--steps " + steps);
        assertThat(report.get("steps").asInt()).isEqualTo(12 - steps);
        assertThat(report.get("pairs")).isEmpty();
        assertThat(report.get("merges")).isNotEmpty();
        assertThat(report.at("/choice/steps").asInt()).isEqualTo(steps);
        JsonNode validation = CommandRun.succeeding(
                        "validate",
                        output,
                        "--against",
                        checkpoint,
                        "--text",
                        text,
                        "--tokens",
                        256,
                        "--format",
                        "json")
                .json();
        assertThat(validation.get("passed").asBoolean()).isTrue();
        assertThat(validation.at("/quality/loss").asDouble())
                .isCloseTo(report.at("/choice/measuredLoss").asDouble(), within(1e-5));
    }

    @Test
    void the_steps_to_merge_are_chosen_by_what_they_cost_once_they_are_refitted() {
        String compensated = "--steps 4 --compensate --calibration-tokens 4096";
        CommandRun run = convert(compensated + " --format json");
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.json().get("steps").asInt()).isEqualTo(8);
        assertThat(run.json().at("/choice/predictedLoss").asDouble())
                .isGreaterThan(run.json().at("/choice/baseLoss").asDouble());
        assertThat(convert(compensated).out()).contains("predicted with compensation", "without");
    }

    @Test
    void a_speed_up_is_reached_as_predicted() {
        JsonNode report = converted("--speedup 1.15 --hardware h100-sxm");
        assertThat(report.at("/choice/predictedSpeedup").asDouble()).isBetween(1.15, 1.4);
        assertThat(report.get("pairs")).isNotEmpty();
        JsonNode estimate = CommandRun.succeeding("estimate", output, "--hardware", "h100-sxm", "--format", "json")
                .json();
        double original = estimate.at("/original/decodeTokensPerSecond").asDouble();
        assertThat(estimate.at("/converted/decodeTokensPerSecond").asDouble() / original)
                .isCloseTo(report.at("/choice/predictedSpeedup").asDouble(), within(1e-9));
    }

    @Test
    void on_several_devices_the_model_is_cut_and_merges_count() {
        JsonNode report = converted("--max-loss 1000% --hardware h100-sxm-x2");
        assertThat(report.at("/choice/predictedSpeedup").asDouble()).isGreaterThan(1.2);
        assertThat(report.at("/sharding/devices").asInt()).isEqualTo(2);
        assertThat(converted("--max-loss 0% --hardware h100-sxm-x2")
                        .at("/choice/predictedSpeedup")
                        .asDouble())
                .isGreaterThanOrEqualTo(1);
    }

    @Test
    void a_pipeline_can_ask_for_steps() throws IOException {
        Path plan = Files.writeString(
                directory.resolve("plan.yaml"),
                "steps:\n  - choose-pairs: {steps: 3}\n  - pair-layers\n  - merge-steps\n  - fold-norms\n  - widen\n");
        assertThat(converted("--pipeline " + plan).get("steps").asInt()).isEqualTo(9);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--steps 3 --depth 4 | more than one of max-loss, depth, steps and speedup",
                "--steps 0 | ask for 1 to 9",
                "--steps 10 | ask for 1 to 9",
                "--steps 3 --group 3 | leave out group",
                "--steps 3 --merge 0A-0F | one of --pairs",
                "--steps 3 --hardware h100-sxm | the same on any hardware",
                "--depth 3 --hardware h100-sxm | the same on any hardware",
                "--speedup 1.2 | a speed-up is one on some hardware",
                "--speedup 0.9 --hardware h100-sxm | is none to look for",
                "--speedup 1.2 --hardware abacus | no such hardware"
            })
    void a_goal_that_makes_no_sense_is_misuse(String options, String reason) {
        CommandRun run = convert(options);
        assertThat(run.exitCode()).as(run.err()).isEqualTo(2);
        assertThat(run.err()).contains(reason).doesNotContain("running the original");
        assertThat(output).doesNotExist();
    }

    @Test
    void a_speed_up_out_of_reach_says_what_is_in_reach() {
        CommandRun run = convert("--speedup 9 --hardware h100-sxm");
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err()).contains("no plan is predicted to be that fast", "times as fast at most", "ask for less");
    }
}
