package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.cli.CommandRun;
import dev.twofold.testing.ReferenceLlama;
import dev.twofold.testing.StoredTensors;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints whose layers depend on one another in a known way. */
final class SyntheticLayersTest {

    private static final int LAYERS = 8;

    /** Channels from here on are written by layer 5 alone. */
    private static final int OWN = 48;

    private static final int CONTEXT = 32;

    @TempDir
    private Path directory;

    private JsonNode inspect(Path checkpoint, String text) throws IOException {
        Path file = Files.writeString(directory.resolve("text.txt"), text);
        return CommandRun.succeeding(
                        "inspect",
                        checkpoint,
                        "-o",
                        directory.resolve("report"),
                        "--text",
                        file,
                        "--tokens",
                        96,
                        "--group",
                        3,
                        "--cache",
                        "none",
                        "--format",
                        "json",
                        "--quiet")
                .json();
    }

    private static JsonNode pair(JsonNode document, int first) {
        JsonNode pair = document.get("pairs").get(first);
        assertThat(pair.get("first").asInt()).isEqualTo(first);
        assertThat(pair.get("second").asInt()).isEqualTo(first + 1);
        return pair;
    }

    @Test
    void a_layer_that_adds_nothing_has_no_influence_no_dependency_and_no_cost() throws IOException {
        Path checkpoint = TinyLlama.deep(LAYERS, 11).words().identity(5).write(directory.resolve("checkpoint"));
        JsonNode document = inspect(checkpoint, TinyLlama.text(200, 3));
        JsonNode layer = document.get("layers").get(5);
        assertThat(layer.get("index").asInt()).isEqualTo(5);
        assertThat(layer.get("blockInfluence").asDouble()).isCloseTo(0, within(1e-12));
        assertThat(layer.get("angularDistance").asDouble()).isCloseTo(0, within(1e-7));
        JsonNode dependency = document.get("dependency");
        for (int other = 0; other < LAYERS; other++) {
            assertThat(document.get("similarity").get(other).get(other).asDouble())
                    .isEqualTo(1.0);
            assertThat(document.get("cka").get(other).get(other).asDouble()).isCloseTo(1, within(1e-12));
            if (other < 5) {
                assertThat(dependency.get(5).get(other).asDouble()).isZero();
            } else if (other > 5) {
                assertThat(dependency.get(other).get(5).asDouble()).isZero();
            }
        }
        for (int first : new int[] {4, 5}) {
            assertThat(pair(document, first).get("deltaLoss").asDouble()).isZero();
            assertThat(pair(document, first).get("kl").asDouble()).isZero();
        }
        assertThat(pair(document, 2).get("kl").asDouble()).isPositive();
        assertThat(dependency.get(4).get(3).asDouble()).isPositive();
        assertThat(dependency.get(3).get(4).isNull()).isTrue();
    }

    @Test
    void a_layer_that_reads_only_what_the_one_before_wrote_is_the_dearest_to_pair() throws IOException {
        Path checkpoint = chained().write(directory.resolve("checkpoint"));
        JsonNode document = inspect(checkpoint, ownText(checkpoint, 97));
        for (int first = 0; first < LAYERS - 1; first++) {
            if (first != 5) {
                assertThat(pair(document, 5).get("deltaLoss").asDouble())
                        .isGreaterThan(
                                3 * pair(document, first).get("deltaLoss").asDouble());
                assertThat(pair(document, 5).get("kl").asDouble())
                        .isGreaterThan(3 * pair(document, first).get("kl").asDouble());
            }
        }
        JsonNode dependency = document.get("dependency");
        assertThat(dependency.get(6).get(5).asDouble()).isCloseTo(1, within(1e-5));
        for (int b = 1; b < LAYERS; b++) {
            for (int a = 0; a < b; a++) {
                if (a != 5 || b != 6) {
                    assertThat(dependency.get(b).get(a).asDouble())
                            .as("%d on %d", b, a)
                            .isLessThan(0.5);
                }
            }
        }
        document.get("plans")
                .forEach(plan -> plan.get("pairs").forEach(group -> {
                    if (plan.get("effectiveDepth").asInt() > LAYERS / 2) {
                        assertThat(group.toString()).doesNotContain("5,6");
                    }
                }));
    }

    /** Layer 5 writes to channels that nobody else writes; layer 6 alone reads them, and nothing else. */
    private static TinyLlama chained() {
        TinyLlama tiny = TinyLlama.deep(LAYERS, 12).words().set("max_position_embeddings", "" + CONTEXT);
        scale(tiny, "model.embed_tokens.weight", i -> i % TinyLlama.HIDDEN < OWN ? 20 : 0);
        scale(tiny, "lm_head.weight", i -> 5);
        for (int layer = 0; layer < LAYERS; layer++) {
            double common = layer == 5 ? 0 : layer == 6 ? 2 : 0.1;
            double own = layer == 5 ? 5 : 0;
            int width = TinyLlama.HEADS * TinyLlama.HEAD_SIZE;
            scale(tiny, TinyLlama.name(layer, "self_attn.o_proj.weight"), i -> i / width < OWN ? common : own);
            scale(
                    tiny,
                    TinyLlama.name(layer, "mlp.down_proj.weight"),
                    i -> i / TinyLlama.FEED_FORWARD < OWN ? common : own);
        }
        for (int layer = 0; layer < LAYERS; layer++) {
            boolean readsOwn = layer == 6;
            scale(tiny, TinyLlama.name(layer, "input_layernorm.weight"), i -> i < OWN == readsOwn ? 0 : 1);
            scale(tiny, TinyLlama.name(layer, "post_attention_layernorm.weight"), i -> i < OWN == readsOwn ? 0 : 1);
        }
        return tiny;
    }

    private static void scale(TinyLlama tiny, String tensor, IntToDoubleFunction factor) {
        tiny.change(tensor, values -> {
            for (int i = 0; i < values.length; i++) {
                values[i] *= (float) factor.applyAsDouble(i);
            }
        });
    }

    /** A text that the checkpoint itself writes, so that whatever changes the model raises the loss. */
    private static String ownText(Path checkpoint, int length) throws IOException {
        ReferenceLlama llama = new ReferenceLlama(
                new ObjectMapper().readTree(checkpoint.resolve("config.json").toFile()), StoredTensors.of(checkpoint));
        List<List<Integer>> layers =
                IntStream.range(0, LAYERS).mapToObj(List::of).toList();
        Random random = new Random(4);
        long[] tokens = new long[length];
        for (int t = 1; t < length; t++) {
            long[] window = Arrays.copyOfRange(tokens, (t - 1) / CONTEXT * CONTEXT, t);
            float[] logits = llama.logits(window, layers, false);
            tokens[t] = sample(Arrays.copyOfRange(logits, logits.length - TinyLlama.VOCABULARY, logits.length), random);
        }
        return Arrays.stream(tokens).mapToObj(id -> "w" + id).collect(Collectors.joining(" "));
    }

    private static int sample(float[] logits, Random random) {
        double[] weights = IntStream.range(0, logits.length)
                .mapToDouble(i -> Math.exp(logits[i]))
                .toArray();
        double left = random.nextDouble() * Arrays.stream(weights).sum();
        int token = 0;
        while (token < weights.length - 1 && left >= weights[token]) {
            left -= weights[token];
            token++;
        }
        return token;
    }
}
