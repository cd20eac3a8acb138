package dev.twofold.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtProvider;
import dev.twofold.tensor.DType;
import dev.twofold.testing.SafetensorsBuilder;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What a user sees who hands Twofold something it cannot use: one clear message, the exit code, and no new file. */
class BadInputTest {

    private static final String WEIGHTS = "model.safetensors";
    private static final Path SIXTEEN_LAYERS = Path.of("testmodels/novels-13m");

    @TempDir
    private Path directory;

    private Path checkpoint;
    private Path output;

    @BeforeEach
    void writeCheckpoint() throws IOException {
        checkpoint = directory.resolve("checkpoint");
        output = directory.resolve("output");
        TinyLlama.create().tokenizer().write(checkpoint);
    }

    private record Result(int exit, String out, String err) {}

    private static Result run(Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        String[] words = Arrays.stream(arguments).map(Object::toString).toArray(String[]::new);
        return new Result(line.execute(words), out.toString(), err.toString());
    }

    /** Everything under the parent of checkpoint and output with its size, hidden files included. */
    private List<String> listing() throws IOException {
        try (Stream<Path> paths = Files.walk(directory)) {
            return paths.sorted()
                    .map(path -> directory.relativize(path)
                            + (Files.isRegularFile(path) ? " " + path.toFile().length() : ""))
                    .toList();
        }
    }

    /** Runs a command that must fail; returns its message. */
    private String refused(int exit, Object... arguments) throws IOException {
        List<String> before = listing();
        Result result = run(arguments);
        assertThat(result.exit()).as(result.err()).isEqualTo(exit);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).startsWith("twofold: ").doesNotContain("\tat ", "Exception");
        assertThat(result.err().lines().filter(line -> !line.startsWith("  ")))
                .as("one message: other lines are its indented details")
                .hasSize(1);
        assertThat(listing()).as("files left behind").isEqualTo(before);
        return result.err();
    }

    private String refusedToConvert(int exit, Object... more) throws IOException {
        return refused(
                exit,
                Stream.concat(Stream.of("convert", checkpoint, "-o", output), Stream.of(more))
                        .toArray());
    }

    /** The checkpoint is at fault. */
    private String rejected() throws IOException {
        return refusedToConvert(Main.INPUT, "--window", "0:4");
    }

    private void rewriteWeights(byte[] bytes) throws IOException {
        Files.write(checkpoint.resolve(WEIGHTS), bytes);
    }

    @Test
    void a_sound_checkpoint_converts() {
        Result result = run("convert", checkpoint, "-o", output, "--window", "0:4", "--quiet");
        assertThat(result.exit()).as(result.err()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(output.resolve("twofold.json")).exists();
    }

    @Test
    void refuses_a_missing_checkpoint() throws IOException {
        Path missing = directory.resolve("missing");
        assertThat(refused(Main.INPUT, "convert", missing, "-o", output, "--window", "0:4"))
                .contains(missing + ": the checkpoint does not exist");
    }

    @Test
    void refuses_a_checkpoint_without_config_or_weights() throws IOException {
        Files.delete(checkpoint.resolve(WEIGHTS));
        assertThat(rejected()).contains("no safetensors", checkpoint.toString());
        Files.delete(checkpoint.resolve("config.json"));
        assertThat(rejected()).contains("config.json: the file is missing");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 100, 4000, 60_000})
    void refuses_a_truncated_safetensors(int length) throws IOException {
        byte[] bytes = Files.readAllBytes(checkpoint.resolve(WEIGHTS));
        rewriteWeights(Arrays.copyOf(bytes, length));
        assertThat(rejected()).contains(WEIGHTS);
    }

    @Test
    void refuses_a_safetensors_that_lacks_its_last_byte() throws IOException {
        byte[] bytes = Files.readAllBytes(checkpoint.resolve(WEIGHTS));
        rewriteWeights(Arrays.copyOf(bytes, bytes.length - 1));
        assertThat(rejected()).contains(WEIGHTS, "tensor lm_head.weight", "past the end of the file", "truncated");
    }

    @Test
    void refuses_a_header_length_past_the_file() throws IOException {
        rewriteWeights(SafetensorsBuilder.file(50_000_000, "{}".getBytes(StandardCharsets.UTF_8), new byte[0]));
        assertThat(rejected()).contains(WEIGHTS, "a header of 50000000 bytes in a file of 10");
    }

    @Test
    void refuses_a_tensor_of_the_wrong_shape() throws IOException {
        String tensor = "model.layers.3.mlp.gate_proj.weight";
        TinyLlama.create().tensor(tensor, DType.F32, new float[64 * 64], 64, 64).write(checkpoint);
        assertThat(rejected()).contains(WEIGHTS, "tensor " + tensor, "[64, 64]", "[96, 64]");
    }

    @Test
    void refuses_a_missing_tensor() throws IOException {
        String tensor = "model.layers.2.self_attn.o_proj.weight";
        TinyLlama.create().without(tensor).write(checkpoint);
        assertThat(rejected()).contains(WEIGHTS, "tensor " + tensor, "missing");
    }

    @Test
    void refuses_an_unknown_model_type() throws IOException {
        TinyLlama.create().set("model_type", "\"mamba\"").write(checkpoint);
        assertThat(rejected()).contains("config.json", "model_type", "mamba");
    }

    @Test
    void refuses_a_git_lfs_pointer() throws IOException {
        rewriteWeights(
                "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n".getBytes(StandardCharsets.UTF_8));
        assertThat(rejected()).contains(WEIGHTS, "Git-LFS pointer", "git lfs pull");
    }

    @Test
    void refuses_a_pickle() throws IOException {
        rewriteWeights(new byte[] {(byte) 0x80, 2, '}', 'q', 0, '.', 1, 2, 3, 4});
        assertThat(rejected()).contains(WEIGHTS, "pickle");
    }

    @Test
    void refuses_a_weight_that_overflows_fp16_and_removes_what_it_had_written() throws IOException {
        String tensor = "model.layers.1.mlp.down_proj.weight";
        TinyLlama.create().element(tensor, 77, 1e6f).write(checkpoint);
        assertThat(refusedToConvert(Main.INPUT, "--window", "0:4", "--dtype", "fp16"))
                .contains(WEIGHTS, "tensor " + tensor, "overflows fp16", "--dtype bf16");
    }

    @Test
    void refuses_a_weight_that_is_not_a_number() throws IOException {
        TinyLlama.create().element("model.norm.weight", 5, Float.NaN).write(checkpoint);
        assertThat(rejected()).contains(WEIGHTS, "tensor ", "not a finite number");
    }

    @Test
    void a_failed_conversion_leaves_no_parent_directories_either() throws IOException {
        TinyLlama.create().element("model.norm.weight", 5, Float.NaN).write(checkpoint);
        output = directory.resolve("a").resolve("b").resolve("output");
        assertThat(rejected()).contains("not a finite number");
    }

    @Test
    void refuses_an_output_that_exists() throws IOException {
        Files.createDirectory(output);
        Files.writeString(output.resolve("precious.txt"), "mine");
        assertThat(rejected()).contains(output + ": ", "already exists", "--force");
        assertThat(output.resolve("precious.txt")).hasContent("mine");
    }

    @Test
    void refuses_an_output_that_is_a_file() throws IOException {
        Files.writeString(output, "mine");
        assertThat(rejected()).contains(output + ": ", "not a directory");
        assertThat(refusedToConvert(Main.INPUT, "--window", "0:4", "--force")).contains("not a directory");
        assertThat(output).hasContent("mine");
    }

    @Test
    void does_not_force_away_a_directory_that_it_did_not_make() throws IOException {
        Files.createDirectory(output);
        Files.writeString(output.resolve("precious.txt"), "mine");
        assertThat(refusedToConvert(Main.INPUT, "--window", "0:4", "--force")).contains(output + ": ", "twofold.json");
        assertThat(output.resolve("precious.txt")).hasContent("mine");
    }

    @Test
    void an_earlier_output_survives_a_conversion_that_fails() throws IOException {
        assertThat(run("convert", checkpoint, "-o", output, "--window", "0:4").exit())
                .isZero();
        String manifest = Files.readString(output.resolve("twofold.json"));
        TinyLlama.create().element("model.norm.weight", 5, Float.NaN).write(checkpoint);
        assertThat(refusedToConvert(Main.INPUT, "--window", "0:4", "--force")).contains("not a finite number");
        assertThat(output.resolve("twofold.json")).hasContent(manifest);
    }

    @Test
    void refuses_an_output_inside_the_input_by_any_path() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("link"), checkpoint);
        for (Path inside : List.of(
                checkpoint.resolve("output"),
                checkpoint.resolve("a").resolve("b"),
                checkpoint,
                directory.resolve("x").resolve("..").resolve("checkpoint").resolve("output"),
                link.resolve("output"))) {
            output = inside;
            assertThat(rejected()).contains(inside + ": ", "inside the input");
            assertThat(refusedToConvert(Main.INPUT, "--window", "0:4", "--force"))
                    .contains("inside the input");
        }
    }

    @Test
    void refuses_to_replace_an_output_that_holds_the_input() throws IOException {
        assertThat(run("convert", checkpoint, "-o", output, "--window", "0:4").exit())
                .isZero();
        checkpoint = TinyLlama.create().write(output.resolve("checkpoint"));
        assertThat(refusedToConvert(Main.INPUT, "--window", "0:4", "--force"))
                .contains(output + ": ", "the input lies inside the output");
    }

    @Test
    void refuses_an_unknown_pass_with_its_line_and_the_nearest_name() throws IOException {
        Path pipeline = Files.writeString(
                directory.resolve("plan.yaml"),
                "# my plan\nsteps:\n  - pair-layers: {window: \"0:4\"}\n  - fold-norm\n  - widen\n");
        assertThat(refusedToConvert(Main.INPUT, "--pipeline", pipeline))
                .contains(pipeline + ", line 4", "unknown pass 'fold-norm'", "did you mean 'fold-norms'?");
    }

    @Test
    void refuses_an_unknown_option_of_a_pass_with_its_line_and_the_nearest_name() throws IOException {
        Path pipeline = Files.writeString(
                directory.resolve("plan.yaml"), "steps:\n  - pair-layers: {windw: \"0:4\"}\n  - fold-norms\n");
        assertThat(refusedToConvert(Main.INPUT, "--pipeline", pipeline))
                .contains(pipeline + ", line 2", "pair-layers has no option 'windw'", "did you mean 'window'?");
    }

    @Test
    void refuses_a_pipeline_that_is_missing_or_no_yaml() throws IOException {
        assertThat(refusedToConvert(Main.INPUT, "--pipeline", "layer-paralel"))
                .contains("layer-paralel", "layer-parallel");
        Path pipeline = Files.writeString(directory.resolve("plan.yaml"), "steps:\n  - [\n");
        assertThat(refusedToConvert(Main.INPUT, "--pipeline", pipeline)).contains(pipeline + ", line ");
        Files.writeString(pipeline, "stages:\n  - widen\n");
        assertThat(refusedToConvert(Main.INPUT, "--pipeline", pipeline))
                .contains(pipeline + ", line 1", "unknown key 'stages'");
    }

    @Test
    void a_plan_of_a_file_that_does_not_fit_the_model_is_the_inputs_fault() throws IOException {
        Path pipeline =
                Files.writeString(directory.resolve("plan.yaml"), "steps:\n  - pair-layers: {pairs: [1-2, 2-3]}\n");
        assertThat(refusedToConvert(Main.INPUT, "--pipeline", pipeline))
                .contains(pipeline + ", line 2", "layer 2 is named twice");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "--pairs|0-1,1-2|layer 1 is named twice",
                "--pairs|1-1|1-1",
                "--pairs|2-1|2-1",
                "--pairs|3-4|layer 4 does not exist",
                "--pairs|0|'0' is not a range",
                "--pairs|-1-2|-1-2",
                "--window|0:5|ends after the last layer",
                "--window|0:3|holds 3 layers, not a multiple of 2",
                "--window|3:1|3:1",
                "--window|a:b|'a:b' is not a window",
                "--dtype|fp8|'fp8' is not one of [fp32, fp16, bf16, int8, int4, q8_0",
                "--dtype|FP16|'FP16' is not one of [fp32, fp16, bf16, int8, int4, q8_0",
                "--dialect|tensorrt|'tensorrt' is not one of",
                "--kv-layout|tall|'tall' is not one of"
            })
    void refuses_a_mistake_on_the_command_line(String option, String value, String expected) throws IOException {
        assertThat(refusedToConvert(Main.USAGE, option, value)).contains(expected);
    }

    @Test
    void refuses_a_group_that_does_not_divide_the_window() throws IOException {
        assertThat(refusedToConvert(Main.USAGE, "--window", "0:4", "--group", "3"))
                .contains("window 0:4 holds 4 layers, not a multiple of 3", "0:3");
        assertThat(refusedToConvert(Main.USAGE, "--window", "0:4", "--group", "1"))
                .contains("two layers or more");
    }

    @Test
    void refuses_layer_16_of_16() throws IOException {
        checkpoint = SIXTEEN_LAYERS;
        assertThat(refusedToConvert(Main.USAGE, "--pairs", "14-15,15-16")).contains("15");
        assertThat(refusedToConvert(Main.USAGE, "--pairs", "15-16"))
                .contains("layer 16 does not exist", "16 layers", "layers 0 to 15");
    }

    @Test
    void refuses_a_plan_before_it_reads_a_weight() throws IOException {
        TinyLlama.create().element("model.norm.weight", 5, Float.NaN).write(checkpoint);
        assertThat(refusedToConvert(Main.USAGE, "--pairs", "3-4")).contains("layer 4 does not exist");
    }

    @Test
    void refuses_a_plan_that_says_two_things() throws IOException {
        assertThat(refusedToConvert(Main.USAGE, "--window", "0:4", "--pairs", "0-1"))
                .contains("both pairs and a window");
    }

    @Test
    void refuses_unknown_options_and_commands() throws IOException {
        assertThat(refusedToConvert(Main.USAGE, "--windw", "0:4")).contains("--windw", "try:      --window");
        assertThat(refused(Main.USAGE, "convrt", checkpoint)).contains("convrt", "try:      ", "convert");
        assertThat(refused(Main.USAGE, "convert", checkpoint, "--window", "0:4"))
                .contains("-o");
        assertThat(refused(Main.USAGE)).contains("a command is missing");
    }

    @Test
    void validate_and_generate_refuse_a_directory_that_convert_did_not_make() throws IOException {
        assertThat(refused(Main.INPUT, "validate", checkpoint, "--against", checkpoint))
                .contains(checkpoint + ": ", "twofold.json");
        assertThat(refused(Main.INPUT, "generate", output, "--prompt", "Alice")).contains("no such directory");
    }

    @Test
    void a_missing_provider_is_the_environments_fault_and_never_replaced_by_another() throws IOException {
        assumeFalse(OrtEnvironment.getAvailableProviders().contains(OrtProvider.CUDA), "this build has CUDA");
        assertThat(run("convert", checkpoint, "-o", output, "--window", "0:4").exit())
                .isZero();
        assertThat(refused(
                        Main.ENVIRONMENT,
                        "validate",
                        output,
                        "--against",
                        checkpoint,
                        "--provider",
                        "cuda",
                        "--tokens",
                        "16",
                        "--quiet"))
                .contains("CUDA", "gpu", "cuDNN", "--provider cpu");
        assertThat(refused(Main.ENVIRONMENT, "generate", output, "--prompt", "Alice", "--provider", "cuda"))
                .contains("CUDA", "gpu", "cuDNN");
        assertThat(refused(Main.USAGE, "generate", output, "--prompt", "Alice", "--provider", "rocm"))
                .contains("'rocm' is not one of [cpu, cuda, webgpu]");
    }
}
