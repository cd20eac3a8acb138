package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

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
    void the_first_pair_is_by_far_the_dearest() {
        assertThat(costs().get(0)).isGreaterThan(0.5);
        assertThat(costs().subList(1, 15)).allMatch(cost -> cost < 0.1);
    }

    @Test
    void a_layer_is_like_itself_and_most_like_its_neighbours() {
        JsonNode similarity = document.get("similarity");
        for (int layer = 0; layer < 16; layer++) {
            assertThat(similarity.get(layer).get(layer).asDouble()).isEqualTo(1.0);
            assertThat(similarity.get(layer).get(0).asDouble())
                    .isLessThanOrEqualTo(
                            similarity.get(layer).get(Math.max(0, layer - 1)).asDouble());
        }
    }

    @Test
    void prediction_is_told_with_how_well_it_did() {
        assertThat(document.at("/prediction/plans").asInt()).isBetween(8, 16);
        assertThat(document.at("/prediction/spearman").asDouble()).isGreaterThan(0.9);
    }
}
