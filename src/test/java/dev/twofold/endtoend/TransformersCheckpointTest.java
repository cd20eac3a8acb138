package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.cli.CommandRun;
import dev.twofold.diag.TwofoldException;
import dev.twofold.families.TinyFamilies;
import dev.twofold.layers.LayerWindow;
import dev.twofold.pipeline.Compiler;
import dev.twofold.pipeline.Sources;
import dev.twofold.recipe.Recipe;
import dev.twofold.report.Verification;
import dev.twofold.source.Source;
import dev.twofold.target.transformers.TransformersTarget;
import dev.twofold.testing.Logits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoints for Transformers as files: what they are, and that they become the same models again. */
final class TransformersCheckpointTest {

    @TempDir
    private Path directory;

    private Path convert(String family, String name, Object... options) {
        Path output = directory.resolve(name);
        Object[] arguments = Stream.concat(
                        Stream.of("convert", TinyFamilies.checkpoint(family), "-o", output, "--quiet"),
                        Stream.of(options))
                .toArray();
        CommandRun.succeeding(arguments);
        return output;
    }

    private static JsonNode config(Path checkpoint) throws IOException {
        return new ObjectMapper().readTree(checkpoint.resolve("config.json").toFile());
    }

    @ParameterizedTest
    @CsvSource({
        "llama2, --window, 0:0, LlamaForCausalLM",
        "llama3.1, --window, 0:0, LlamaForCausalLM",
        "internlm2, --window, 0:0, LlamaForCausalLM",
        "phi3, --window, 0:0, MistralForCausalLM",
        "mistral, --window, 0:0, MistralForCausalLM",
        "qwen2, --window, 0:0, Qwen2ForCausalLM",
        "qwen3, --window, 0:0, Qwen3ForCausalLM",
        "granite, --window, 0:0, GraniteForCausalLM",
        "llama2, --pairs, '0-1,2-3', LlamaForCausalLM",
        "mistral, --pairs, '0-1,2-3', MistralForCausalLM",
        "llama2, --pairs, 0-1, TwofoldForCausalLM",
        "llama2, --merge, 1A-1F, TwofoldForCausalLM",
        "qwen2, --pairs, '0-1,2-3', TwofoldForCausalLM",
        "qwen3, --pairs, '0-1,2-3', TwofoldForCausalLM",
        "gemma2, --window, 0:0, TwofoldForCausalLM",
        "gpt2, --window, 0:0, TwofoldForCausalLM",
    })
    void layers_of_one_shape_are_of_a_family_that_every_runtime_knows(
            String family, String option, String value, String architecture) throws IOException {
        Path checkpoint = convert(family, "checkpoint", option, value, "--target", "transformers");
        assertThat(config(checkpoint).path("architectures").path(0).textValue()).isEqualTo(architecture);
        boolean own = architecture.startsWith("Twofold");
        assertThat(Files.exists(checkpoint.resolve("modeling_twofold.py"))).isEqualTo(own);
        assertThat(Verification.of(checkpoint).problems()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "llama2, --merge, '0F-1A,2A-2F'",
        "llama2, --pairs, '0-1'",
        "llama2, --window, 0:0",
        "gpt2, --pairs, '0-1,2-3'",
        "olmo2, --merge, '0F-1A,2A-2F'",
        "mixtral, --merge, '0F-1A,2A-2F'",
        "cohere, --pairs, '0-1'",
        "starcoder2, --merge, '0F-1A,2A-2F'",
        "phi3-longrope, --merge, '0F-1A'",
    })
    void a_checkpoint_becomes_the_onnx_model_that_it_would_have_been(String family, String option, String value)
            throws IOException {
        Path direct = convert(family, "direct", option, value);
        Path checkpoint = convert(family, "checkpoint", option, value, "--target", "transformers");
        Path again = directory.resolve("again");
        CommandRun.succeeding("convert", checkpoint, "-o", again, "--window", "0:0", "--quiet");
        assertThat(again.resolve("model.onnx.data")).hasSameBinaryContentAs(direct.resolve("model.onnx.data"));
        assertThat(again.resolve("model.onnx")).hasSameBinaryContentAs(direct.resolve("model.onnx"));
    }

    /** Where layers are numbered anew, or gains that all heads share are kept for each, the graph is another one. */
    @ParameterizedTest
    @CsvSource({"llama2, --pairs, '0-1,2-3'", "gemma3, --merge, '0F-1A,2A-2F'", "qwen3, --pairs, 0-1"})
    void a_checkpoint_becomes_an_onnx_model_of_the_same_logits(String family, String option, String value) {
        long[][] tokens = {{7, 5, 9, 20, 33, 4, 5, 6, 7, 100}};
        Path direct = convert(family, "direct", option, value);
        Path checkpoint = convert(family, "checkpoint", option, value, "--target", "transformers");
        Path again = directory.resolve("again");
        CommandRun.succeeding("convert", checkpoint, "-o", again, "--window", "0:0", "--quiet");
        assertThat(Logits.distance(Logits.of(again, tokens), Logits.of(direct, tokens)))
                .isLessThan(1e-5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fp16", "bf16"})
    void weights_are_stored_in_16_bits_where_that_is_asked_for(String dtype) throws IOException {
        Path checkpoint = convert("llama2", dtype, "--merge", "1A-1F", "--target", "transformers", "--dtype", dtype);
        Path full = convert("llama2", "fp32", "--merge", "1A-1F", "--target", "transformers");
        assertThat(config(checkpoint).path("dtype").textValue())
                .isEqualTo(dtype.equals("fp16") ? "float16" : "bfloat16");
        assertThat(Files.size(checkpoint.resolve("model.safetensors")))
                .isLessThan(Files.size(full.resolve("model.safetensors")) * 6 / 10);
        CommandRun.succeeding("convert", checkpoint, "-o", directory.resolve("onnx"), "--window", "0:0", "--quiet");
    }

    @Test
    void weights_that_are_too_many_for_a_file_are_in_several_with_an_index() throws IOException {
        Source source = Sources.SHIPPED.open(TinyFamilies.checkpoint("llama2"));
        Path checkpoint = directory.resolve("checkpoint");
        new Compiler(source, Recipe.pairing(new LayerWindow(0, 2)), new TransformersTarget(40_000))
                .compile(checkpoint, false);
        assertThat(checkpoint.resolve("model.safetensors.index.json")).exists();
        assertThat(checkpoint.resolve("model.safetensors")).doesNotExist();
        assertThat(Verification.of(checkpoint).problems()).isEmpty();
        Path direct = convert("llama2", "direct", "--pairs", "0-1");
        Path again = directory.resolve("again");
        CommandRun.succeeding("convert", checkpoint, "-o", again, "--window", "0:0", "--quiet");
        assertThat(again.resolve("model.onnx.data")).hasSameBinaryContentAs(direct.resolve("model.onnx.data"));
    }

    @Test
    void a_manifest_repeats_it_to_the_byte() {
        Path checkpoint = convert("llama2", "checkpoint", "--merge", "1A-1F", "--target", "transformers");
        Path repeated = directory.resolve("repeated");
        CommandRun run = CommandRun.succeeding(
                "convert", TinyFamilies.checkpoint("llama2"), "-o", repeated, "--from-manifest", checkpoint);
        assertThat(run.err()).contains("every file is as the manifest says");
        assertThat(repeated.resolve("config.json")).hasSameTextualContentAs(checkpoint.resolve("config.json"));
        assertThat(CommandRun.of("verify", repeated).exitCode()).isZero();
    }

    @Test
    void it_is_said_how_it_loads_and_over_how_many_devices_it_divides() {
        CommandRun run = CommandRun.of(
                "convert",
                TinyFamilies.checkpoint("llama2"),
                "-o",
                directory.resolve("checkpoint"),
                "--merge",
                "1A-1F",
                "--target",
                "transformers");
        assertThat(run.err())
                .contains("loads it as TwofoldForCausalLM, with trust_remote_code=True")
                .contains("torch.distributed can cut it over 2 devices")
                .contains("--window 0:0 -o DIR, for ONNX Runtime");
    }

    @Test
    void options_of_onnx_models_are_refused() {
        for (List<String> option :
                List.of(List.of("--dialect", "onnx"), List.of("--kv-layout", "wide"), List.of("--devices", "2"))) {
            CommandRun run = CommandRun.of(
                    "convert",
                    TinyFamilies.checkpoint("llama2"),
                    "-o",
                    directory.resolve("checkpoint"),
                    "--window",
                    "0:2",
                    "--target",
                    "transformers",
                    option.get(0),
                    option.get(1));
            assertThat(run.exitCode()).isEqualTo(2);
            assertThat(run.err()).containsAnyOf("leave ", "--dtype fp32 here");
        }
    }

    @Test
    void commands_that_run_models_say_how_to_make_one_that_they_run() {
        Path checkpoint = convert("llama2", "checkpoint", "--merge", "1A-1F", "--target", "transformers");
        CommandRun run = CommandRun.of("validate", checkpoint, "--against", TinyFamilies.checkpoint("llama2"));
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err()).contains("does not run this model", "--window 0:0 -o DIR");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "\"width\":48 | \"width\":40 | wrong shape",
                "\"heads\":2 | \"heads\":4 | wrong shape",
                "\"rotary\":0 | \"rotary\":7 | rotary should be 0 to 0, not 7",
                "\"silu\" | \"swish\" | 'swish', which is none of",
                "\"kind\":\"rms\" | \"kind\":\"batch\" | which is none of",
                "\"layers\":[1] | \"layers\":[9] | layers should be 0 to 3, not 9",
                "\"gated\":true | \"gated\":true,\"wide\":1 | an unknown key 'wide'",
                "\"gated\":true,\"activation\":\"silu\" | \"gated\":false,\"activation\":"
                        + "{\"kind\":\"clamped-swish\",\"steepness\":1.702,\"limit\":7} | gated should be true",
                "\"feed_forward\" | \"chain\" | wrong value in the list of steps",
                "\"biases\":[] | \"biases\":[\"o_proj\"] | the tensor is missing",
                "\"vocab_size\": 128 | \"vocab_size\": 12.5 | a positive whole number",
                "\"type\":\"unscaled\" | \"type\":\"stretched\" | wrong value in the list of steps",
            })
    void a_list_of_steps_that_was_changed_is_refused(String what, String by, String message) throws IOException {
        Path checkpoint = convert("llama2", "checkpoint", "--merge", "1A-1F", "--target", "transformers");
        Path config = checkpoint.resolve("config.json");
        String text = Files.readString(config);
        assertThat(text).contains(what);
        Files.writeString(config, text.replace(what, by));
        assertThatThrownBy(() -> Sources.SHIPPED.open(checkpoint))
                .isInstanceOf(TwofoldException.class)
                .hasMessageContaining(message);
    }

    /** It is a table of a row for each position. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1 | at most 1, the positions of a temperature",
                "255 | at most 255, the positions of a temperature",
                "16777217 | positions should be 1 to 16777216, not 16777217"
            })
    void a_temperature_of_too_few_or_too_many_positions_is_refused(int positions, String message) throws IOException {
        Path checkpoint = convert("ministral3", "checkpoint", "--merge", "1A-1F", "--target", "transformers");
        Path config = checkpoint.resolve("config.json");
        String text = Files.readString(config);
        String what = "\"offset\":0,\"positions\":256";
        assertThat(text).contains(what);
        Files.writeString(config, text.replace(what, what.replace("256", String.valueOf(positions))));
        assertThatThrownBy(() -> Sources.SHIPPED.open(checkpoint))
                .isInstanceOf(TwofoldException.class)
                .hasMessageContaining(message);
    }
}
