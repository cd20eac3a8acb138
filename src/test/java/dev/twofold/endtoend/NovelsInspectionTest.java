package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.cli.CommandRun;
import dev.twofold.testing.Novels;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An inspection of the trained model on a short text. */
final class NovelsInspectionTest {

    @TempDir
    private static Path directory;

    private static JsonNode document;

    @BeforeAll
    static void inspect() {
        Path alice = Path.of("src/main/resources/dev/twofold/text/alice.txt");
        document = CommandRun.succeeding(
                        "inspect",
                        Novels.CHECKPOINT,
                        "-o",
                        directory.resolve("report"),
                        "--text",
                        alice,
                        "--tokens",
                        512,
                        "--group",
                        2,
                        "--cache",
                        "none",
                        "--format",
                        "json",
                        "--quiet")
                .json();
    }

    private static double baseLoss() {
        return document.at("/measurement/baseLoss").asDouble();
    }

    /** Nats that each pair costs, by its first layer. */
    private static List<Double> costs() {
        return StreamSupport.stream(document.get("pairs").spliterator(), false)
                .map(pair -> pair.get("deltaLoss").asDouble())
                .toList();
    }

    @Test
    void at_every_depth_the_chosen_plan_is_no_worse_than_the_best_window() {
        Map<Integer, Double> windows = new HashMap<>();
        document.get("windows")
                .forEach(plan -> windows.merge(
                        plan.get("effectiveDepth").asInt(),
                        plan.get("measuredLoss").asDouble(),
                        Math::min));
        assertThat(document.get("plans")).hasSize(8);
        document.get("plans")
                .forEach(plan -> assertThat(plan.get("measuredLoss").asDouble())
                        .isLessThanOrEqualTo(
                                windows.get(plan.get("effectiveDepth").asInt())));
    }

    @Test
    void the_model_is_as_large_as_its_config_says() {
        JsonNode model = document.get("model");
        int attention = 2 * 256 * 4 * 64 + 2 * 256 * 2 * 64;
        int feedForward = 3 * 256 * 704;
        assertThat(model.get("parameters").asInt())
                .isEqualTo(4096 * 256 + 16 * (attention + feedForward + 2 * 256) + 256);
        assertThat(model.get("allReduces").asInt()).isEqualTo(2 * 16);
        assertThat(model.get("kvBytesPerToken").asInt()).isEqualTo(16 * 2 * 2 * 64 * Float.BYTES);
    }

    /** As on 24,576 tokens, by an independent implementation: +1.1197, at most +0.0036, +0.0067, +0.0150, +0.0388. */
    @Test
    void the_first_pair_is_by_far_the_dearest_and_the_last_three_cost_more_and_more() {
        assertThat(costs()).hasSize(15);
        assertThat(costs().get(0)).isGreaterThan(0.5);
        assertThat(costs().subList(1, 12)).allMatch(cost -> Math.abs(cost) < 0.005);
        assertThat(costs().get(12)).isBetween(0.005, costs().get(13));
        assertThat(costs().get(14)).isBetween(costs().get(13), 0.1);
    }

    @Test
    void every_plan_of_pairs_is_predicted_to_cost_their_sum_and_saves_two_exchanges_a_pair() {
        int depth = 15;
        for (JsonNode plan : document.get("plans")) {
            double sum = baseLoss();
            for (JsonNode pair : plan.get("pairs")) {
                sum += costs().get(pair.get(0).asInt());
            }
            assertThat(plan.get("effectiveDepth").asInt()).isEqualTo(depth);
            assertThat(plan.get("pairs")).hasSize(16 - depth);
            assertThat(plan.get("allReduces").asInt()).isEqualTo(2 * depth);
            assertThat(plan.get("predictedLoss").asDouble()).isCloseTo(sum, within(1e-9));
            assertThat(plan.get("perplexityIncrease").asDouble())
                    .isCloseTo(Math.expm1(plan.get("measuredLoss").asDouble() - baseLoss()), within(1e-9));
            depth--;
        }
        assertThat(depth).isEqualTo(7);
    }

    /** As on 24,576 tokens: nearly nothing down to depth 11, a few hundredths of a nat at 9, more than a nat at 8. */
    @Test
    void depth_is_nearly_free_until_the_first_pair_has_to_be_in_it() {
        document.get("plans").forEach(plan -> {
            double cost = plan.get("measuredLoss").asDouble() - baseLoss();
            int depth = plan.get("effectiveDepth").asInt();
            if (depth >= 11) {
                assertThat(cost).isBetween(-0.01, 0.01);
            } else if (depth >= 9) {
                assertThat(cost).isBetween(0.0, 0.05);
            } else {
                assertThat(cost).isGreaterThan(1.0);
            }
            assertThat(plan.get("pairs").get(0).get(0).asInt() == 0).isEqualTo(depth == 8);
        });
    }

    @Test
    void what_is_recommended_is_the_shallowest_plan_within_the_limit_on_both_texts() {
        document.get("recommended").forEach(recommended -> {
            double limit = recommended.get("maxLoss").asDouble();
            int chosen = recommended.get("plan").asInt();
            for (int plan = chosen; plan < 8; plan++) {
                assertThat(rise(plan) <= limit).as("plan %d at %s", plan, limit).isEqualTo(plan == chosen);
            }
        });
        assertThat(document.get("recommended")).hasSize(4);
    }

    /** Of the perplexity, on the text that it was chosen on or on what follows, whichever is more. */
    private static double rise(int plan) {
        JsonNode measured = document.get("plans").get(plan);
        return Math.max(
                measured.get("perplexityIncrease").asDouble(),
                measured.get("heldOutIncrease").asDouble());
    }

    @ParameterizedTest
    @ValueSource(strings = {"similarity", "cka"})
    void a_layer_is_like_itself_and_less_like_others_the_further_they_are(String measure) {
        JsonNode matrix = document.get(measure);
        assertThat(matrix).hasSize(16).allMatch(row -> row.size() == 16);
        for (int layer = 0; layer < 16; layer++) {
            assertThat(matrix.get(layer).get(layer).asDouble()).isCloseTo(1.0, within(1e-9));
            for (int other = layer + 1; other < 16; other++) {
                assertThat(matrix.get(layer).get(other))
                        .isEqualTo(matrix.get(other).get(layer));
                assertThat(matrix.get(layer).get(other).asDouble())
                        .isPositive()
                        .isLessThan(matrix.get(layer).get(other - 1).asDouble())
                        .isLessThan(matrix.get(layer + 1).get(other).asDouble());
            }
        }
    }

    /** Men et al., ShortGPT (2024): one less the similarity of the stream before and after a layer. */
    @Test
    void block_influence_is_what_similarity_to_the_layer_before_lacks() {
        for (int layer = 1; layer < 16; layer++) {
            assertThat(document.get("layers").get(layer).get("blockInfluence").asDouble())
                    .isCloseTo(
                            1
                                    - document.get("similarity")
                                            .get(layer - 1)
                                            .get(layer)
                                            .asDouble(),
                            within(1e-9));
        }
    }

    @Test
    void a_layer_depends_only_on_those_before_it() {
        JsonNode dependency = document.get("dependency");
        for (int layer = 0; layer < 16; layer++) {
            for (int other = 0; other < 16; other++) {
                JsonNode value = dependency.get(layer).get(other);
                assertThat(value.isNumber()).as("%d on %d", layer, other).isEqualTo(other < layer);
            }
        }
    }

    /** They make the stream that all others add little to. */
    @Test
    void every_layer_depends_most_on_the_first_two() {
        for (int layer = 2; layer < 16; layer++) {
            JsonNode on = document.get("dependency").get(layer);
            double least = Math.min(on.get(0).asDouble(), on.get(1).asDouble());
            for (int other = 2; other < layer; other++) {
                assertThat(on.get(other).asDouble()).isPositive().isLessThan(least);
            }
        }
    }

    @Test
    void prediction_is_told_with_how_well_it_did() {
        assertThat(document.at("/prediction/plans").asInt()).isBetween(8, 16);
        assertThat(document.at("/prediction/spearman").asDouble()).isGreaterThan(0.9);
    }
}
