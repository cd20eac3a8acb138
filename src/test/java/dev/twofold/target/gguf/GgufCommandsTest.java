package dev.twofold.target.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.cli.CommandRun;
import dev.twofold.families.TinyFamilies;
import dev.twofold.gguf.GgufHeader;
import dev.twofold.gguf.HeaderReader;
import dev.twofold.gguf.MetadataValue.Text;
import dev.twofold.gguf.MetadataValue.Values;
import dev.twofold.gguf.MetadataValue.Whole;
import dev.twofold.pipeline.Sources;
import dev.twofold.source.Source;
import dev.twofold.tensor.DType;
import dev.twofold.testing.Novels;
import dev.twofold.testing.TinyLlama;
import dev.twofold.tokenizer.TokenizerFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code convert --target gguf} from end to end. */
final class GgufCommandsTest {

    @TempDir
    private Path directory;

    private CommandRun convert(Path checkpoint, Object output, String options) {
        Object[] arguments = Stream.concat(
                        Stream.of("convert", checkpoint, "-o", output, "--target", "gguf", "--quiet"),
                        Arrays.stream(options.split(" ")))
                .toArray();
        return CommandRun.of(arguments);
    }

    private Path converted(Path checkpoint, String name, String options) {
        Path output = directory.resolve(name);
        assertThat(convert(checkpoint, output, options))
                .extracting(CommandRun::exitCode, CommandRun::err)
                .containsExactly(0, "");
        return output.resolve("model.gguf");
    }

    @Test
    void a_paired_model_is_a_file_whose_blocks_differ() {
        Path output = directory.resolve("out");
        JsonNode document = CommandRun.succeeding(
                        "convert",
                        Novels.CHECKPOINT,
                        "-o",
                        output.resolve("novels.gguf"),
                        "--target",
                        "gguf",
                        "--window",
                        "2:6",
                        "--dtype",
                        "q8_0",
                        "--format",
                        "json",
                        "--quiet")
                .json();
        assertThat(document.get("effectiveDepth").intValue()).isEqualTo(14);
        assertThat(document.get("output").textValue()).isEqualTo(output.toString());
        GgufHeader header = HeaderReader.read(output.resolve("novels.gguf"));
        assertThat(header.metadata())
                .containsEntry("general.architecture", new Text("deci"))
                .containsEntry("deci.block_count", new Whole(14))
                .containsEntry("deci.attention.key_length", new Whole(64));
        assertThat(((Values) header.metadata().get("deci.attention.head_count")).values())
                .startsWith(new Whole(4), new Whole(4), new Whole(8), new Whole(8), new Whole(4))
                .hasSize(14);
        assertThat(CommandRun.succeeding("verify", output).out()).contains("4 files are as they were written");
    }

    @Test
    void is_repeated_from_its_manifest_to_the_byte() throws IOException {
        Path first = converted(Novels.CHECKPOINT, "first", "--window 2:14 --dtype q4_k_m");
        Path second = directory.resolve("second");
        CommandRun run = CommandRun.succeeding(
                "convert", Novels.CHECKPOINT, "-o", second, "--from-manifest", first.resolveSibling("twofold.json"));
        assertThat(run.err()).contains("every file is as the manifest says");
        for (String name : List.of("model.gguf", "twofold.json")) {
            assertThat(second.resolve(name)).hasSameBinaryContentAs(first.resolveSibling(name));
        }
    }

    @Test
    void a_file_of_a_type_is_a_file_of_the_same_type_again() {
        for (String type : List.of("fp16", "q8_0", "q4_k_m")) {
            Path first = converted(Novels.CHECKPOINT, type, "--window 0:0 --dtype " + type);
            Path again = converted(first, type + "-again", "--window 0:0 --dtype " + type);
            assertThat(again).hasSameBinaryContentAs(first);
        }
    }

    @Test
    void half_precision_comes_back_as_it_was() throws IOException {
        Path checkpoint = TinyLlama.of(DType.F16, 3).llama3Rope(8, 1, 4, 64).write(directory.resolve("checkpoint"));
        Path file = converted(checkpoint, "gguf", "--window 0:0 --dtype fp16");
        Path ours = onnx(file, "ours");
        Path theirs = onnx(checkpoint, "theirs");
        for (String name : List.of("model.onnx.data", "model.onnx")) {
            assertThat(ours.resolve(name)).hasSameBinaryContentAs(theirs.resolve(name));
        }
    }

    private Path onnx(Path source, String name) {
        Path output = directory.resolve(name);
        CommandRun.succeeding(
                "convert", source, "-o", output, "--window", "0:2", "--dtype", "fp16", "--no-load", "--quiet");
        return output;
    }

    @Test
    void the_tokenizer_makes_the_same_tokens_again() {
        Source again = Sources.SHIPPED.open(converted(Novels.CHECKPOINT, "gguf", "--window 0:0 --dtype q4_0"));
        try (TokenizerFile ours = again.tokenizer();
                TokenizerFile theirs = TokenizerFile.open(Novels.CHECKPOINT)) {
            for (String text : HardTexts.ALL) {
                assertThat(ours.encode(text, 4096)).as("%s", text).isEqualTo(theirs.encode(text, 4096));
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "llama2 | --merge 1A-1F           | in the step 1A|1F, and every block of llama.cpp | --pairs 4-5",
                "llama2 | --pairs 1-2 --one-sync  | runs on its own copy of the stream | without --target",
                "llama2 | --window 0:0 --devices 2 | llama.cpp cuts models over devices itself | leave out --devices",
                "qwen3  | --pairs 1-2             | queries and keys are normalized | --window 0:0",
                "gemma2 | --pairs 0-2             | stay apart | --window 0:0",
                "mixtral | --pairs 1-2            | stay apart | --window 0:0",
                "starcoder2 | --pairs 1-2         | its norms are not RMSNorm | --window 0:0",
                "gpt2   | --window 0:0            | the family gpt2 is not written as GGUF | without --target",
            })
    void says_before_any_work_what_cannot_be_held(String family, String options, String reason, String hint) {
        CommandRun run = convert(TinyFamilies.checkpoint(family), directory.resolve("out"), options);
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains(reason, hint);
        assertThat(directory.resolve("out")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--dialect onnx    | --dialect is about ONNX models",
                "--kv-layout wide  | --kv-layout is about ONNX models",
                "--pipeline cast.yaml --window 0:0 | weights are cast to fp16 before they are written",
            })
    void options_of_other_targets_do_not_go_with_it(String options, String reason) throws IOException {
        Path pipeline =
                Files.writeString(directory.resolve("cast.yaml"), "steps: [pair-layers, {cast: {dtype: fp16}}]\n");
        CommandRun run = convert(
                TinyFamilies.checkpoint("llama2"),
                directory.resolve("out"),
                options.replace("cast.yaml", pipeline.toString()));
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains(reason);
    }

    @Test
    void types_of_files_are_not_types_of_onnx_models() {
        CommandRun run = CommandRun.of("convert", Novels.CHECKPOINT, "-o", directory.resolve("out"), "--dtype", "q4_0");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("--dtype q4_0 is a type of GGUF files", "--target gguf");
    }

    @Test
    void a_file_needs_a_directory_for_its_manifest() {
        CommandRun run = convert(Novels.CHECKPOINT, "alone.gguf", "--window 0:0");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("-o alone/alone.gguf");
    }

    @Test
    void onnx_runtime_does_not_run_it() {
        Path file = converted(TinyFamilies.checkpoint("llama2"), "out", "--window 0:0");
        CommandRun run = CommandRun.of("generate", file.getParent(), "--prompt", "a");
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err()).contains("ONNX Runtime does not run this model", "a model for gguf");
    }

    @Test
    void a_weight_that_blocks_cannot_hold_is_named() throws IOException {
        Path checkpoint = TinyLlama.of(DType.F32, 3)
                .element("model.layers.1.self_attn.q_proj.weight", 70, 1e30f)
                .write(directory.resolve("checkpoint"));
        CommandRun run = convert(checkpoint, directory.resolve("out"), "--window 0:0 --dtype q8_0");
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err())
                .contains("a weight is too large for blocks of Q8_0")
                .contains("model.layers.1.self_attn.q_proj.weight, element [1, 6]");
        assertThat(directory.resolve("out")).doesNotExist();
    }

    @Test
    void a_weight_that_is_not_a_number_is_named() throws IOException {
        Path checkpoint = TinyLlama.of(DType.F32, 3)
                .element("model.layers.1.mlp.up_proj.weight", 64, Float.NaN)
                .write(directory.resolve("checkpoint"));
        CommandRun run = convert(checkpoint, directory.resolve("out"), "--window 0:0 --dtype q4_0");
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err()).contains("not a finite number", "model.layers.1.mlp.up_proj.weight, element [1, 0]");
    }
}
