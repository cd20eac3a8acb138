package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.cli.CommandRun;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What convert says of a family that users could not guess. */
final class FamilyReportTest {

    @TempDir
    private Path directory;

    private CommandRun dryRun(String name, String... options) {
        List<Object> arguments = new ArrayList<>(
                List.of("convert", TinyFamilies.checkpoint(name), "-o", directory.resolve(name), "--dry-run"));
        arguments.addAll(Arrays.asList(options));
        return CommandRun.succeeding(arguments.toArray());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "olmo2   | 0-1,2-3 | attention 2 4, feed-forward 2 4 | a norm of its own",
                "gemma3  | 0-3     | attention 1 4, feed-forward 1 4 | a norm of its own",
                "olmoe   | 1-2     | attention 1 2, experts 1 2      | whole width",
                "mixtral | 1-2     | experts 1 2                     | experts of its own",
                "smollm3 | 2-3     | attention 1 2                   | positions"
            })
    void says_what_a_pair_keeps_apart(String name, String pairs, String kept, String why) {
        JsonNode document = dryRun(name, "--pairs", pairs, "--format", "json").json();
        List<String> found = new ArrayList<>();
        for (JsonNode apart : document.get("keptApart")) {
            found.add(apart.get("operator").asText() + " " + apart.get("steps") + " " + apart.get("branches"));
        }
        assertThat(String.join(", ", found)).isEqualTo(kept);
        assertThat(document.get("keptApart").get(0).get("reason").asText()).contains(why);
        assertThat(dryRun(name, "--pairs", pairs).out()).contains("  kept apart ", why);
    }

    @Test
    void says_nothing_of_layers_that_merge() {
        CommandRun run = dryRun("llama2", "--pairs", "1-2");
        assertThat(run.out()).doesNotContain("kept apart");
        assertThat(run.err()).isEmpty();
        assertThat(dryRun("llama2", "--pairs", "1-2", "--format", "json").json().has("keptApart"))
                .isFalse();
    }

    @Test
    void says_that_a_context_is_kept_to_its_short_range() {
        assertThat(dryRun("phi3-longrope", "--window", "0:0").err())
                .contains("the context is 64 positions, not the 256 of config.json", "LongRoPE");
    }

    @Test
    void says_how_many_experts_a_token_takes() {
        assertThat(dryRun("mixtral", "--window", "0:0").err())
                .contains("a token chooses 2 of the 4 experts of a layer");
    }
}
