package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.cli.CommandRun;
import dev.twofold.testing.Python;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The trained test model cut over two processes by torch.distributed. */
@Tag("python")
final class TensorParallelTest {

    private static final Path MODEL = Path.of("testmodels", "novels-13m");

    @TempDir
    private Path directory;

    @Test
    void a_step_costs_one_all_reduce_and_the_logits_stay_the_same() throws IOException {
        Python python = Python.find();
        Map<String, List<String>> plans = new TreeMap<>(Map.of(
                "plain", List.of("--window", "0:0"),
                "every-pair", List.of("--window", "0:16"),
                "pairs", List.of("--window", "4:12"),
                "merges", List.of("--merge", "4A-4F,5F-6A,7A-8A")));
        Map<String, Integer> expected = new TreeMap<>();
        List<Object> arguments = new ArrayList<>(List.of(directory.resolve("results.json")));
        plans.forEach((name, plan) -> {
            Path output = directory.resolve(name);
            CommandRun run = CommandRun.succeeding(
                    "convert",
                    MODEL,
                    "-o",
                    output,
                    "--target",
                    "transformers",
                    "--format",
                    "json",
                    plan.get(0),
                    plan.get(1));
            expected.put(output.toString(), run.json().path("allReduces").intValue());
            arguments.add(output);
        });
        assertThat(expected.values()).containsExactlyInAnyOrder(32, 16, 24, 28);
        python.distributed(2, "run_distributed.py", arguments.toArray());
        JsonNode results =
                new ObjectMapper().readTree(directory.resolve("results.json").toFile());
        assertThat(results).hasSize(plans.size());
        results.forEach(result -> {
            String checkpoint = result.path("checkpoint").textValue();
            assertThat(result.path("difference").doubleValue()).as(checkpoint).isLessThan(1e-4);
            // One more for the embedding, whose rows are spread over the devices.
            assertThat(count(result, "reduce")).as(checkpoint).isEqualTo(expected.get(checkpoint) + 1);
            assertThat(count(result, "gather")).as(checkpoint).isEqualTo(1);
        });
    }

    private static int count(JsonNode result, String kind) {
        return result.path("collectives").properties().stream()
                .filter(entry -> entry.getKey().contains(kind))
                .mapToInt(entry -> entry.getValue().intValue())
                .sum();
    }
}
