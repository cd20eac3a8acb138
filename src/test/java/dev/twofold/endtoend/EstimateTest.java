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
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Predicted speeds against published ones, from the config of Llama 2 7B alone. */
final class EstimateTest {

    private static final String LLAMA_2_7B = """
            {"model_type": "llama", "hidden_act": "silu", "hidden_size": 4096, "intermediate_size": 11008,
             "num_attention_heads": 32, "num_key_value_heads": 32, "num_hidden_layers": 32, "vocab_size": 32000,
             "max_position_embeddings": 4096, "rms_norm_eps": 1e-05, "tie_word_embeddings": false,
             "bos_token_id": 1, "eos_token_id": 2}
            """;

    @TempDir
    private Path directory;

    private Path llama() throws IOException {
        Files.writeString(directory.resolve("config.json"), LLAMA_2_7B);
        return directory;
    }

    private static JsonNode estimate(Path model, String hardware, String... options) {
        List<Object> arguments = new ArrayList<>(List.of("estimate", model, "--hardware", hardware));
        arguments.addAll(List.of(options));
        arguments.addAll(List.of("--format", "json"));
        return CommandRun.succeeding(arguments.toArray()).json();
    }

    /** A text of 4096 tokens in PyTorch, as the authors of Layer Parallelism ran it: a layer of a pair on each device. */
    private static JsonNode published(Path model, String hardware, int depth, String runtime) {
        return estimate(
                model,
                hardware,
                "--dtype",
                "fp16",
                "--depth",
                String.valueOf(depth),
                "--placement",
                "layers",
                "--prompt-tokens",
                "1",
                "--new-tokens",
                "4095",
                "--runtime",
                runtime);
    }

    @ParameterizedTest
    @CsvSource({"27, 1.19", "25, 1.29"})
    void lands_within_a_tenth_of_what_layer_parallelism_published(int depth, double speedup) throws IOException {
        JsonNode estimate = published(llama(), "a100-sxm-80gb-x2", depth, "eager");
        assertThat(estimate.path("decodeSpeedup").asDouble()).isCloseTo(speedup, Percentage.withPercentage(10));
        assertThat(estimate.path("original").path("allReduces").asInt()).isEqualTo(64);
        assertThat(estimate.path("converted").path("allReduces").asInt()).isEqualTo(2 * depth);
    }

    /** Between what a bare operator of PyTorch costs on the host of an A100, and a model's code around it. */
    @ParameterizedTest
    @CsvSource({"27, 1.19, 7.1", "25, 1.29, 7.1", "27, 1.19, 50", "25, 1.29, 50"})
    void that_does_not_hang_on_how_slow_the_host_is(int depth, double speedup, double microseconds) throws IOException {
        String profile = Files.readString(Path.of("src/main/resources/dev/twofold/hardware/a100-sxm-80gb.yaml"))
                .replace("host-microseconds: {value: 25.8", "host-microseconds: {value: " + microseconds)
                .replace("devices: [1, 2, 4, 8]", "devices: [2]");
        Path file = Files.writeString(directory.resolve("host.yaml"), profile);
        JsonNode estimate = published(llama(), file.toString(), depth, "eager");
        assertThat(estimate.path("decodeSpeedup").asDouble()).isCloseTo(speedup, Percentage.withPercentage(10));
    }

    /** Where nothing waits for the host, pairs save exchanges and gaps, and no bytes. */
    @Test
    void predicts_much_less_without_a_host_in_the_way() throws IOException {
        JsonNode estimate = published(llama(), "a100-sxm-80gb-x2", 25, "graph");
        assertThat(estimate.path("decodeSpeedup").asDouble()).isBetween(1.02, 1.08);
        assertThat(estimate.path("original")
                        .path("decodeMicroseconds")
                        .path("host")
                        .asDouble())
                .isZero();
    }

    /** gpt-fast publishes the speed of Llama 2 7B with CUDA graphs, on A100 limited to 330 W; 400 W are usual. */
    @ParameterizedTest
    @CsvSource({"1, 104.9", "2, 168.84", "4, 254.02", "8, 328.43"})
    void is_not_far_above_what_gpt_fast_published(int devices, double tokensPerSecond) throws IOException {
        JsonNode estimate = estimate(
                llama(),
                "a100-sxm-80gb-x" + devices,
                "--dtype",
                "fp16",
                "--window",
                "0:0",
                "--prompt-tokens",
                "5",
                "--new-tokens",
                "200",
                "--runtime",
                "graph");
        assertThat(estimate.path("converted").path("decodeTokensPerSecond").asDouble() / tokensPerSecond)
                .isBetween(1.0, 1.25);
        assertThat(estimate.path("decodeSpeedup").asDouble()).isEqualTo(1, within(1e-9));
    }

    @Test
    void slower_all_reduces_make_pairs_worth_more() throws IOException {
        JsonNode latencies =
                published(llama(), "a100-sxm-80gb-x2", 25, "stream").path("byAllReduceLatency");
        assertThat(latencies.findValuesAsText("latencyFactor")).containsExactly("0.5", "1.0", "2.0", "4.0");
        for (int i = 1; i < latencies.size(); i++) {
            assertThat(latencies.get(i).path("decodeSpeedup").asDouble())
                    .isGreaterThan(latencies.get(i - 1).path("decodeSpeedup").asDouble());
        }
    }

    @ParameterizedTest
    @CsvSource({"per-layer, heads", "wide, heads", "per-layer, layers", "wide, layers"})
    void an_output_is_estimated_by_its_manifest_as_its_checkpoint_by_the_same_options(String layout, String placement)
            throws IOException {
        Path checkpoint = TinyLlama.deep(4, 1).heads(16, 8).write(directory.resolve("tiny"));
        Path output = directory.resolve("out");
        String[] plan = {
            "--window", "0:4", "--devices", "2", "--dtype", "fp16", "--kv-layout", layout, "--placement", placement
        };
        List<Object> conversion = new ArrayList<>(List.of("convert", checkpoint, "-o", output, "--quiet"));
        conversion.addAll(List.of(plan));
        CommandRun.succeeding(conversion.toArray());
        JsonNode asked = estimate(checkpoint, "h100-sxm", plan);
        for (Path place : List.of(output, output.resolve("rank-1"))) {
            JsonNode made = estimate(place, "h100-sxm-x2");
            assertThat(made.path("original")).isEqualTo(asked.path("original"));
            assertThat(made.path("converted")).isEqualTo(asked.path("converted"));
        }
    }

    @Test
    void an_output_with_a_config_of_its_own_needs_the_checkpoint() throws IOException {
        Path checkpoint = TinyLlama.create().write(directory.resolve("tiny"));
        Path output = directory.resolve("out");
        String[] plan = {"--pairs", "1-2", "--kv-layout", "wide"};
        CommandRun.succeeding("convert", checkpoint, "-o", output, "--quiet", plan[0], plan[1], plan[2], plan[3]);
        CommandRun alone = CommandRun.of("estimate", output, "--hardware", "h100-sxm-x1");
        assertThat(alone.exitCode()).isEqualTo(3);
        assertThat(alone.err()).contains("does not have the checkpoint's own config.json", "--against CHECKPOINT");
        JsonNode made = estimate(output, "h100-sxm-x1", "--against", checkpoint.toString());
        assertThat(made.path("converted"))
                .isEqualTo(estimate(checkpoint, "h100-sxm-x1", plan).path("converted"));
    }

    @Test
    void many_rows_are_counted_right() throws IOException {
        JsonNode many = estimate(
                llama(),
                "h100-sxm-x8",
                "--depth",
                "20",
                "--batch",
                "1048576",
                "--prompt-tokens",
                "2048",
                "--new-tokens",
                "1");
        assertThat(many.path("converted").path("prefillTokensPerSecond").asDouble())
                .isPositive();
    }

    @Test
    void prints_a_table_and_what_does_not_fit() throws IOException {
        CommandRun run = CommandRun.succeeding(
                "estimate",
                llama(),
                "--hardware",
                "a100-sxm-80gb-x2",
                "--depth",
                "25",
                "--batch",
                "64",
                "--prompt-tokens",
                "2048",
                "--new-tokens",
                "2");
        assertThat(run.out())
                .contains("2 x NVIDIA A100 SXM4 80 GB")
                .contains("original", "converted", "ratio", "all-reduces a token", "  memory", "  x 4.0", "  eager");
        assertThat(run.err()).contains("GB of weights and KV cache, and has 80 GB");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "no such hardware | h10-sxm-x2 --depth 20",
                "so many devices | h100-sxm-x3 --depth 20",
                "another number of devices | h100-sxm-x4 --depth 20 --devices 2",
                "would have to be measured | h100-sxm-x2",
                "do not fit the model's context | h100-sxm-x2 --depth 20 --new-tokens 5000",
                "cannot bring | h100-sxm-x2 --depth 10 --group 3",
                "cannot bring | h100-sxm-x2 --depth 7",
                "1 or more | h100-sxm-x2 --depth 20 --batch 0",
            })
    void refuses(String line) throws IOException {
        String[] parts = line.split(" \\| ");
        List<Object> arguments = new ArrayList<>(List.of("estimate", llama(), "--hardware"));
        arguments.addAll(List.of(parts[1].split(" ")));
        CommandRun run = CommandRun.of(arguments.toArray());
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains(parts[0]);
        assertThat(run.out()).isEmpty();
    }

    @Test
    void names_the_hardware_that_was_meant() throws IOException {
        CommandRun run = CommandRun.of("estimate", llama(), "--hardware", "h10-sxm-x2", "--depth", "20");
        assertThat(run.err()).contains("did you mean 'h100-sxm-x2'?").contains("a100-pcie-80gb-25gbe-x2");
    }
}
