package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.cli.CommandRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a mixture of experts is predicted to read, from the config of Qwen 3 30B A3B alone: 8 of 128 experts in each of 48 layers. */
final class RoutedEstimateTest {

    private static final String QWEN_3_30B_A3B = """
            {"model_type": "qwen3_moe", "hidden_act": "silu", "hidden_size": 2048, "intermediate_size": 6144,
             "moe_intermediate_size": 768, "num_experts": 128, "num_experts_per_tok": %d, "norm_topk_prob": true,
             "decoder_sparse_step": 1, "mlp_only_layers": [], "num_attention_heads": 32, "num_key_value_heads": 4,
             "head_dim": 128, "num_hidden_layers": %d, "vocab_size": 151936, "max_position_embeddings": 40960,
             "rms_norm_eps": 1e-06, "rope_theta": 1000000.0, "tie_word_embeddings": false, "attention_bias": false,
             "bos_token_id": 151643, "eos_token_id": 151645}
            """;

    private static final int LAYERS = 48;

    /** Of one expert, in 16 bits. */
    private static final double EXPERT_BYTES = 3 * 2048 * 768 * 2d;

    /** What the hardware file says of the H100, and how much of it programs reach. */
    private static final double BYTES_PER_MICROSECOND = 3350e3 * 0.78;

    @TempDir
    private Path directory;

    private JsonNode estimate(int chosen, int layers, String options) throws IOException {
        Files.writeString(directory.resolve("config.json"), QWEN_3_30B_A3B.formatted(chosen, layers));
        List<Object> arguments = new ArrayList<>(List.of("estimate", directory, "--window", "0:0", "--format", "json"));
        arguments.addAll(Arrays.asList(options.split(" ")));
        return CommandRun.succeeding(arguments.toArray()).json().path("converted");
    }

    /** That memory takes, for one token in two layers. */
    private double microseconds(int chosen, String options) throws IOException {
        return microseconds(estimate(chosen, 2, options));
    }

    private static double microseconds(JsonNode estimate) {
        return estimate.at("/decodeMicroseconds/memory").asDouble();
    }

    @ParameterizedTest
    @CsvSource({
        "--hardware h100-sxm-x1 --dtype fp16, 1",
        "--hardware h100-sxm-x1 --dtype fp32, 0.5",
        "--hardware h100-sxm-x2 --dtype fp16, 2",
        "--hardware h100-sxm-x4 --dtype fp16, 4"
    })
    void each_expert_that_a_token_chooses_is_read(String options, double times) throws IOException {
        double more = microseconds(16, options) - microseconds(8, options);
        assertThat(more)
                .isCloseTo(2 * 8 * EXPERT_BYTES / BYTES_PER_MICROSECOND / times, Percentage.withPercentage(0.1));
    }

    /** Its card says 3.3 billion of 30.5 billion; a row of the embedding is read of 0.3 billion. */
    @Test
    void a_token_reads_what_its_authors_say_it_activates() throws IOException {
        JsonNode estimate = estimate(8, LAYERS, "--hardware h100-sxm-x1 --dtype fp16");
        assertThat(microseconds(estimate) * BYTES_PER_MICROSECOND).isBetween(2 * 2.95e9, 2 * 3.4e9);
        assertThat(estimate.path("weightBytes").asDouble()).isCloseTo(2 * 30.5e9, Percentage.withPercentage(0.5));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--dtype bf16", "--dtype fp16 --dialect onnx"})
    void elsewhere_all_are_read(String options) throws IOException {
        String card = "--hardware h100-sxm-x1 ";
        assertThat(microseconds(16, card + options)).isEqualTo(microseconds(8, card + options));
        assertThat(microseconds(8, card + options)).isGreaterThan(2 * microseconds(8, card + "--dtype fp16"));
    }
}
