package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models that compute numbers beyond fp16. */
final class HalfRangeTest {

    @TempDir
    private Path directory;

    /** Layer 2 adds numbers of some hundred thousand to the stream. */
    private Path large() throws IOException {
        return TinyLlama.create()
                .words()
                .change(TinyLlama.name(2, "mlp.up_proj.weight"), values -> times(values, 100))
                .change(TinyLlama.name(2, "mlp.down_proj.weight"), values -> times(values, 20_000))
                .write(directory.resolve("large"));
    }

    /** Layer 2 multiplies numbers beyond what float32 holds. */
    private Path beyondFloat() throws IOException {
        return TinyLlama.create()
                .words()
                .change(TinyLlama.name(2, "mlp.up_proj.weight"), values -> times(values, 1e30f))
                .change(TinyLlama.name(2, "mlp.down_proj.weight"), values -> times(values, 1e30f))
                .write(directory.resolve("beyond"));
    }

    private static void times(float[] values, float factor) {
        for (int i = 0; i < values.length; i++) {
            values[i] *= factor;
        }
    }

    private CommandRun convert(Path checkpoint, String... options) {
        List<Object> arguments = new ArrayList<>(List.of("convert", checkpoint, "-o", directory.resolve("model")));
        arguments.addAll(Arrays.asList(options));
        return CommandRun.of(arguments.toArray());
    }

    @Test
    void a_stream_beyond_fp16_is_found_at_conversion_and_its_step_named() throws IOException {
        CommandRun run = convert(large(), "--window", "0:0", "--dtype", "fp16", "--quiet");
        assertThat(run.exitCode()).as(run.err()).isEqualTo(3);
        assertThat(run.err())
                .contains("an activation overflows fp16", "layer 2, feed-forward", "at most 65504", "--dtype bf16");
        assertThat(Files.exists(directory.resolve("model"))).isFalse();
    }

    @Test
    void hidden_activations_beyond_fp16_are_found_inside_a_group_too() throws IOException {
        Path checkpoint = TinyLlama.create()
                .words()
                .change(TinyLlama.name(1, "mlp.gate_proj.weight"), values -> times(values, 500))
                .change(TinyLlama.name(1, "mlp.up_proj.weight"), values -> times(values, 500))
                .change(TinyLlama.name(1, "mlp.down_proj.weight"), values -> times(values, 1e-5f))
                .write(directory.resolve("large"));
        CommandRun run = convert(checkpoint, "--pairs", "0-1", "--one-sync", "--dtype", "fp16", "--quiet");
        assertThat(run.exitCode()).as(run.err()).isEqualTo(3);
        assertThat(run.err()).contains("an activation overflows fp16", "layer 1, chain");
    }

    @ParameterizedTest
    @ValueSource(strings = {"fp32", "bf16"})
    void wider_types_hold_the_same_model(String type) throws IOException {
        CommandRun run = convert(large(), "--window", "0:0", "--dtype", type, "--quiet");
        assertThat(run.exitCode()).as(run.err()).isZero();
    }

    @Test
    void a_stream_that_is_kept_smaller_fits_and_the_model_passes() throws IOException {
        Path checkpoint = large();
        String hint = convert(checkpoint, "--window", "0:0", "--dtype", "fp16", "--quiet")
                .err();
        String pass = hint.replaceAll("(?s).*'- (scale-stream: \\{halvings: [0-9]+\\})'.*", "$1");
        assertThat(pass).startsWith("scale-stream: {halvings: ");
        Path pipeline = Files.writeString(
                directory.resolve("half.yaml"),
                "steps: [{pair-layers: {pairs: [0-1]}}, {" + pass + "}, fold-norms, widen, {cast: {dtype: fp16}}]");
        CommandRun run = convert(checkpoint, "--pipeline", pipeline.toString(), "--quiet");
        assertThat(run.exitCode()).as(run.err()).isZero();
        Path text = Files.writeString(directory.resolve("text.txt"), TinyLlama.text(600, 5));
        CommandRun.succeeding(
                "validate", directory.resolve("model"), "--against", checkpoint, "--text", text, "--tokens", 500);
    }

    @ParameterizedTest
    @ValueSource(strings = {"generate", "bench", "validate"})
    void logits_that_are_no_numbers_are_an_error_that_says_so(String command) throws IOException {
        Path checkpoint = beyondFloat();
        CommandRun run = run(command, checkpoint, "fp32");
        assertThat(run.exitCode()).as(run.err()).isEqualTo(3);
        assertThat(run.err().toLowerCase(Locale.ROOT)).contains("logits that are no finite numbers", "--dtype bf16");
        assertThat(run.err()).doesNotContain("another checkpoint");
    }

    @Test
    void validate_finds_a_model_beyond_fp16_that_computes_in_fp32_on_the_cpu() throws IOException {
        CommandRun run = run("validate", large(), "fp16");
        assertThat(run.exitCode()).as(run.err()).isEqualTo(3);
        assertThat(run.err().toLowerCase(Locale.ROOT)).contains("logits that are no finite numbers", "--dtype bf16");
    }

    @ParameterizedTest
    @ValueSource(strings = {"generate", "bench"})
    void a_model_beyond_fp16_runs_on_the_cpu_in_fp32(String command) throws IOException {
        assertThat(run(command, large(), "fp16").exitCode()).isZero();
    }

    private CommandRun run(String command, Path checkpoint, String dtype) {
        Path model = directory.resolve("model");
        assertThat(convert(checkpoint, "--window", "0:0", "--dtype", dtype, "--no-load", "--quiet")
                        .exitCode())
                .isZero();
        List<Object> arguments = new ArrayList<>(List.of(command, model, "--quiet"));
        arguments.addAll(
                switch (command) {
                    case "generate" -> List.of("--prompt", "w5 w6 w7");
                    case "bench" -> List.of("--prompt-tokens", 4, "--new-tokens", 4, "--rounds", 1);
                    default -> List.of("--against", checkpoint, "--tokens", 20);
                });
        return CommandRun.of(arguments.toArray());
    }
}
