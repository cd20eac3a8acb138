package dev.twofold.target.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.cli.CommandRun;
import dev.twofold.families.TinyFamilies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Outputs that are laid out for transformers.js. */
final class WebTargetTest {

    @TempDir
    private Path directory;

    private Path convert(String family, String... options) {
        Path output = directory.resolve("web");
        CommandRun.succeeding(words(family, output, options));
        return output;
    }

    private static Object[] words(String family, Path output, String... options) {
        List<Object> words = new ArrayList<>(List.of("convert", TinyFamilies.checkpoint(family), "-o", output));
        words.addAll(List.of("--layout", "transformersjs", "--quiet"));
        words.addAll(List.of(options));
        return words.toArray();
    }

    private static JsonNode json(Path file) throws IOException {
        return new ObjectMapper().readTree(file.toFile());
    }

    @Test
    void models_of_three_types_lie_beside_their_weights_and_the_manifest_has_them_all() throws IOException {
        Path output = convert("llama3.2", "--window", "0:2");
        for (String name : List.of("model", "model_fp16", "model_q4")) {
            assertThat(output.resolve("onnx").resolve(name + ".onnx")).isRegularFile();
            assertThat(output.resolve("onnx").resolve(name + ".onnx_data")).isRegularFile();
        }
        assertThat(output.resolve("genai_config.json")).doesNotExist();
        assertThat(CommandRun.of("verify", output).exitCode()).isZero();
        JsonNode own = json(output.resolve("config.json")).path("transformers.js_config");
        assertThat(own.path("use_external_data_format").toString())
                .isEqualTo("{\"model.onnx\":1,\"model_fp16.onnx\":1,\"model_q4.onnx\":1}");
        assertThat(own.path("dtype").asText()).isEqualTo("fp32");
    }

    @ParameterizedTest
    @CsvSource({
        "fp32,onnx/model.onnx",
        "q4,onnx/model_q4.onnx",
        "q4f16,onnx/model_q4f16.onnx",
        "q8,onnx/model_quantized.onnx"
    })
    void every_model_is_the_plan_in_its_type(String type, String file) {
        Path output = convert("llama3.2", "--window", "0:2", "--types", "fp32,q4,q4f16,q8");
        JsonNode found = CommandRun.succeeding(
                        "validate",
                        output.resolve(file),
                        "--against",
                        TinyFamilies.checkpoint("llama3.2"),
                        "--tokens",
                        64,
                        "--format",
                        "json",
                        "--quiet")
                .json();
        assertThat(found.path("passed").asBoolean()).isTrue();
        assertThat(found.path("blocks").asText(""))
                .isEqualTo(type.equals("fp32") ? "" : type.equals("q8") ? "int8/32" : "int4/32");
    }

    @Test
    void a_manifest_repeats_it_byte_for_byte() throws IOException {
        Path output = convert("llama3.2", "--merge", "0A-0F");
        Path again = directory.resolve("again");
        CommandRun run = CommandRun.succeeding(
                "convert", TinyFamilies.checkpoint("llama3.2"), "-o", again, "--from-manifest", output);
        assertThat(run.err()).contains("every file is as the manifest says");
        assertThat(Files.mismatch(output.resolve("twofold.json"), again.resolve("twofold.json")))
                .isEqualTo(-1);
    }

    @Test
    void a_type_with_all_that_goes_with_it_is_written_alone() throws IOException {
        Path output = convert("llama3.2", "--window", "0:2", "--dtype", "int4", "--block", "16", "--around", "fp16");
        assertThat(output.resolve("onnx/model_q4f16.onnx")).isRegularFile();
        assertThat(output.resolve("onnx/model.onnx")).doesNotExist();
        JsonNode emission = json(output.resolve("twofold.json")).path("emission");
        assertThat(emission.path("blocks").asText()).isEqualTo("int4/16");
        assertThat(CommandRun.succeeding(
                                "estimate",
                                output,
                                "--hardware",
                                "h100-sxm-x1",
                                "--against",
                                TinyFamilies.checkpoint("llama3.2"))
                        .exitCode())
                .isZero();
    }

    @Test
    void one_of_several_models_is_named_by_its_file_and_the_others_are_mentioned() {
        Path output = convert("llama3.2", "--window", "0:2", "--types", "fp32,q8");
        CommandRun run = CommandRun.succeeding("bench", output, "--prompt-tokens", 4, "--new-tokens", 2, "--rounds", 1);
        assertThat(run.err()).contains("the output also has " + output.resolve("onnx/model_quantized.onnx"));
        CommandRun wrong = CommandRun.of("bench", output.resolve("onnx/model_q4.onnx"));
        assertThat(wrong.exitCode()).isEqualTo(3);
        assertThat(wrong.err()).contains("no such model").contains("model_quantized.onnx");
    }

    /** What transformers.js does not know can pass for a llama: only the number of caches depends on it. */
    @ParameterizedTest
    @CsvSource({"mixtral,llama", "gpt2,gpt2", "gpt_bigcode,gpt_bigcode", "falcon,falcon"})
    void the_configuration_says_how_many_caches_there_are(String family, String type) throws IOException {
        Path output = convert(family, "--window", "0:2", "--kv-layout", "wide", "--types", "fp32");
        JsonNode config = json(output.resolve("config.json"));
        JsonNode manifest = json(output.resolve("twofold.json")).path("model");
        assertThat(config.path("model_type").asText()).isEqualTo(type);
        String key = config.has("n_layer") ? "n_layer" : "num_hidden_layers";
        assertThat(config.path(key).asInt())
                .isEqualTo(manifest.path("effectiveDepth").asInt());
        assertThat(config.has("multi_query")).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "--dtype bf16,2,no name for models of this type",
        "--devices 2,2,knows of no devices",
        "--types fp32;fp32,2,names a type twice",
        "--types q4 --dtype int4,2,--types are several",
        "--block 64,2,say how matrices are rounded"
    })
    void what_it_cannot_be_is_refused(String options, int exitCode, String message) {
        CommandRun run = CommandRun.of(words(
                "llama3.2", directory.resolve("refused"), ("--window 0:2 " + options.replace(';', ',')).split(" ")));
        assertThat(run.exitCode()).as(run.err()).isEqualTo(exitCode);
        assertThat(run.err()).contains(message);
        assertThat(directory.resolve("refused")).doesNotExist();
    }
}
